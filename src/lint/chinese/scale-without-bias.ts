import type { ChineseRule } from "./template.js";

export const scaleWithoutBias: ChineseRule = {
  summary: "BatchNorm 之后的 Scale 不学习平移：缺少 `bias_term: true`",
  texts: [
    [
      "{layer} scales what BatchNorm {norm} normalized, but has no bias_term: true",
      "{layer} 缩放 BatchNorm {norm} 归一化的值，但没有 bias_term: true",
    ],
  ],
};
