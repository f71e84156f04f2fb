import type { ChineseRule } from "./template.js";

export const negativeLossWeight: ChineseRule = {
  summary: "损失的 `loss_weight` 小于 0：训练会使损失变大",
  texts: [
    [
      "{layer} has loss_weight {n}: training makes its loss larger",
      "{layer} 的 loss_weight 为 {n}：训练会使它的损失变大",
    ],
    [
      'The net\'s loss is {n} times "{name}", and becomes smaller as "{name2}" grows. Most losses have no upper limit: the weights grow with it until the loss is no number, or sticks at the highest that there is (87.3365 for a softmax).',
      '网络的损失是 "{name}" 的 {n} 倍，"{name2}" 越大它反而越小。大多数损失没有上限：权重会随之不断增大，直到损失不再是数，或者停在可能的最大值（softmax 为 87.3365）。',
    ],
  ],
};
