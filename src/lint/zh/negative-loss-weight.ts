import type { ChineseTexts } from "./texts.js";

export const negativeLossWeight: ChineseTexts = {
  summary: "`loss_weight` 小于 0 的损失，训练会使它变大",
  about: "网络的损失是它乘以负数，所以训练使它增大；大多数损失没有上限，权重会随之增长，直到损失不是数或停在最高处。",
  messages: [
    [
      "{layer} has loss_weight {value}: training makes its loss larger",
      "{layer} 的 loss_weight 为 {value}：训练会使它的损失变大",
    ],
  ],
};
