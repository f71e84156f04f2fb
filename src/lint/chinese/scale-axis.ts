import type { ChineseRule } from "./template.js";

export const scaleAxis: ChineseRule = {
  summary: "BatchNorm 之后的 Scale 或 Bias 不是按通道学习：`axis` 不为 1，或写了 `num_axes`",
  texts: [
    [
      '{layer} behind BatchNorm "{name}" does not go by channel: with {given} it learns {what}',
      'BatchNorm "{name}" 之后的 {layer} 不是按通道的：{given} 时它学习{what}',
    ],
    ["one {learned} for all channels", "所有通道共用的一个 {learned}"],
    ["{learned} for places along other axes, the same for all channels", "沿其他轴各位置的 {learned}，所有通道相同"],
    [
      "{learned} for {places} along other axes, the same for all channels",
      "沿其他轴 {places}的 {learned}，所有通道相同",
    ],
    ["{learned} for every position", "每个位置的 {learned}"],
    ["{learned} for every position, {n} in all", "每个位置的 {learned}，共 {n} 个"],
    [
      "BatchNorm brings every channel to mean 0 and variance 1, and each channel is to get a scale and a shift of its own again.",
      "BatchNorm 把每个通道变成均值 0、方差 1，之后每个通道应重新得到自己的缩放和平移。",
    ],
    [
      "With one for each position the net takes images of one size only, and these parameters do not fold into a convolution.",
      "如果每个位置一个，网络就只接受一种尺寸的图像，这些参数也无法折叠进卷积。",
    ],
    [
      "Here all channels stay as strong as each other, and a ReLU cuts all at one point. Left out, axis and num_axes are 1: by channel.",
      "这里所有通道的强弱始终相同，ReLU 在同一点截断所有通道。不写时 axis 和 num_axes 都是 1：按通道。",
    ],
    [
      "Here the {n} channels stay as strong as each other, and a ReLU cuts all at one point. Left out, axis and num_axes are 1: by channel.",
      "这里 {n} 个通道的强弱始终相同，ReLU 在同一点截断所有通道。不写时 axis 和 num_axes 都是 1：按通道。",
    ],
  ],
};
