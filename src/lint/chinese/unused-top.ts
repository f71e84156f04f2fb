import type { ChineseRule } from "./template.js";

export const unusedTop: ChineseRule = {
  summary: "训练中的 top，或 BatchNorm、Scale 的 top，没有层读取，也不像是输出",
  texts: [["{layer} makes {top}, which no layer reads", "{layer} 产生 {top}，而没有层读取它"]],
};
