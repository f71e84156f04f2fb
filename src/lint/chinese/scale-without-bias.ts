import type { ChineseRule } from "./template.js";

export const scaleWithoutBias: ChineseRule = {
  summary: "BatchNorm 之后的 Scale 不学习平移：缺少 `bias_term: true`",
  texts: [
    [
      '{layer} scales what BatchNorm "{name}" normalized, but has no bias_term: true',
      '{layer} 缩放 BatchNorm "{name}" 归一化的值，却没有 bias_term: true',
    ],
    [
      'Every channel of "{name}" has mean 0, and without a shift it keeps that: the layers behind cannot move what they get, as the γ·y + β of batch normalization does.',
      '"{name}" 的每个通道均值为 0，没有平移就一直如此：批量归一化的 γ·y + β 能移动后面各层得到的值，这里却不能。',
    ],
  ],
};
