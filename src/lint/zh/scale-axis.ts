import type { ChineseTexts } from "./texts.js";

export const scaleAxis: ChineseTexts = {
  summary: "BatchNorm 之后的 Scale 或 Bias 不是按通道学习：`axis` 不是 1，或设置了 `num_axes`",
  about:
    "BatchNorm 使每个通道的均值为 0、方差为 1，每个通道都应重新得到自己的缩放和平移。不写 axis 和 num_axes 时都是 1：按通道。",
  messages: [
    [
      "{layer} behind BatchNorm {norm} does not go by channel: {what}",
      "BatchNorm {norm} 之后的 {layer} 不是按通道的：{what}",
    ],
  ],
};
