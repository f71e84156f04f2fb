import type { ChineseTexts } from "./texts.js";

export const scaleWithoutBias: ChineseTexts = {
  summary: "BatchNorm 之后的 Scale 不学习平移：缺少 `bias_term: true`",
  about:
    "没有 β，每个通道的均值保持为 0，后面的层无法移动它得到的值；批量归一化的公式是 γ·y + β。bias_term 不设置时为 false。",
  messages: [
    [
      "{layer} scales what BatchNorm {norm} normalized, but has no bias_term: true",
      "{layer} 缩放 BatchNorm {norm} 归一化的值，但没有 bias_term: true",
    ],
  ],
};
