import type { ChineseRule } from "./template.js";

export const scaleAxis: ChineseRule = {
  summary: "BatchNorm 之后的 Scale 或 Bias 不是按通道学习：`axis` 不是 1，或设置了 `num_axes`",
  texts: [
    [
      "{layer} behind BatchNorm {norm} does not go by channel: {what}",
      "BatchNorm {norm} 之后的 {layer} 不是按通道的：{what}",
    ],
  ],
};
