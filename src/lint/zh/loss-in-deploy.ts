import type { ChineseTexts } from "./texts.js";

export const lossInDeploy: ChineseTexts = {
  summary: "由输入供给数据的网络中有损失或 Accuracy，而没有谁提供标签",
  about: "部署时没有标签：网络无法运行，或者需要送入无意义的值。用 include { phase: TRAIN } 限制它，或者改成 Softmax。",
  messages: [],
};
