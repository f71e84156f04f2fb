import type { ChineseRule } from "./template.js";

export const duplicateLayerName: ChineseRule = {
  summary: "两个带参数的层同名，只有第一个会得到权重",
  texts: [["{layer} has the name of {other} before it", "{layer} 与前面的 {other} 同名"]],
};
