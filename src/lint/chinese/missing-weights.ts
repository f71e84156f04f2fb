import type { ChineseRule } from "./template.js";

export const missingWeights: ChineseRule = {
  summary: "给定的权重没有某一层，该层保持 filler 的初始值",
  texts: [],
};
