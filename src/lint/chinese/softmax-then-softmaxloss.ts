import type { ChineseRule } from "./template.js";

export const softmaxThenSoftmaxloss: ChineseRule = {
  summary: "Softmax 的 top 进入 SoftmaxWithLoss，而后者自己会做 softmax",
  texts: [
    [
      "{layer} reads {bottom}, which is a softmax already, of {other}",
      "{layer} 读取的 {bottom} 已经是 softmax，由 {other} 产生",
    ],
  ],
};
