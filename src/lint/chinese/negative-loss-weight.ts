import type { ChineseRule } from "./template.js";

export const negativeLossWeight: ChineseRule = {
  summary: "`loss_weight` 小于 0 的损失，训练会使它变大",
  texts: [
    [
      "{layer} has loss_weight {value}: training makes its loss larger",
      "{layer} 的 loss_weight 为 {value}：训练会使它的损失变大",
    ],
  ],
};
