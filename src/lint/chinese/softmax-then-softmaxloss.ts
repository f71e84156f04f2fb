import type { ChineseRule } from "./template.js";

export const softmaxThenSoftmaxloss: ChineseRule = {
  summary: "Softmax 的 top 又送入 SoftmaxWithLoss，而后者自己会计算 softmax",
  texts: [
    [
      '{layer} reads "{name}", which is a softmax already, of {layer2}',
      '{layer} 读取的 "{name}" 已经是 {layer2} 的 softmax',
    ],
    ["The loss takes the softmax of its bottom once more.", "损失层会对它的 bottom 再做一次 softmax。"],
    [
      "Probabilities lie within 0 and 1, so that the second softmax makes them all but equal.",
      "概率在 0 和 1 之间，第二次 softmax 会使它们几乎相等。",
    ],
    [
      "Probabilities lie within 0 and 1: of {n} classes the right one then gets no more than e/(e + {n2}), so that the loss starts at {n3} and cannot fall below {n4}, however sure the net is.",
      "概率在 0 和 1 之间：在 {n} 个类别中，正确的一类最多得到 e/(e + {n2})，所以无论网络多么确定，损失都从 {n3} 开始，且不会低于 {n4}。",
    ],
    ["Gradients go through both, and are small from the start.", "梯度要经过两次 softmax，从一开始就很小。"],
  ],
};
