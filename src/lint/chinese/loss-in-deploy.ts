import type { ChineseRule } from "./template.js";

export const lossInDeploy: ChineseRule = {
  summary: "由输入供给数据的网络中有损失或 Accuracy，而没有谁提供标签",
  texts: [],
};
