import type { ChineseRule } from "./template.js";

export const lrMultCount: ChineseRule = {
  summary: "param 的数目比层的参数还多",
  texts: [["{layer} has {n} param specs for {m}", "{layer} 有 {m}，却写了 {n} 个 param"]],
};
