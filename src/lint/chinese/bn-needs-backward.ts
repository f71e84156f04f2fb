import type { ChineseRule } from "./template.js";

export const bnNeedsBackward: ChineseRule = {
  summary: "没有三个 param 的 BatchNorm 使 Caffe 在不学习的地方也进行反向计算",
  texts: [],
};
