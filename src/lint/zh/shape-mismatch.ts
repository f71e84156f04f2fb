import type { ChineseTexts } from "./texts.js";

export const shapeMismatch: ChineseTexts = {
  summary: "某层不接受它的 bottom、参数、数据，或给定的权重",
  about: "建立网络时这一层会失败，Caffe 也会中止。下面的原文来自该层自己的检查。",
  messages: [],
};
