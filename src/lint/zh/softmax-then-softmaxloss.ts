import type { ChineseTexts } from "./texts.js";

export const softmaxThenSoftmaxloss: ChineseTexts = {
  summary: "Softmax 的 top 进入 SoftmaxWithLoss，而后者自己会做 softmax",
  about:
    "概率在 0 和 1 之间，第二次 softmax 会使它们几乎相等：梯度要经过两次，一开始就很小。让损失直接读取 softmax 之前的值。",
  messages: [
    [
      "{layer} reads {bottom}, which is a softmax already, of {other}",
      "{layer} 读取的 {bottom} 已经是 softmax，由 {other} 产生",
    ],
  ],
};
