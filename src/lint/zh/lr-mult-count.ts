import type { ChineseTexts } from "./texts.js";

export const lrMultCount: ChineseTexts = {
  summary: "param 的数目比层的参数还多",
  about: "Caffe 中止，Moka 也不加载该网络。常见原因：没有 bias_term: true，第二个 param 属于并不存在的偏置。",
  messages: [["{layer} has {n} param specs for {m}", "{layer} 有 {m}，却写了 {n} 个 param"]],
};
