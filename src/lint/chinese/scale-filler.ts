import type { ChineseRule } from "./template.js";

export const scaleFiller: ChineseRule = {
  summary: "BatchNorm 之后的 Scale，其 γ 从 0 或 0 附近的随机值开始，而不是从 1 开始",
  texts: [
    ["{layer} starts with a γ of 0", "{layer} 的 γ 从 0 开始"],
    [
      "{layer} starts with a γ of 0, and a ReLU behind it keeps it there",
      "{layer} 的 γ 从 0 开始，而其后的 ReLU 使它一直停在那里",
    ],
    ["The value of a filler is 0 unless it is given.", "filler 的 value 不写时为 0。"],
    [
      "At γ = 0 and β = 0 all that a ReLU gets is 0, where its gradient is 0 too: neither γ nor β nor any layer before ever learns. A γ of 0 is of use only at the end of a branch that is added to another.",
      "γ = 0 且 β = 0 时，ReLU 得到的全是 0，那里的梯度也是 0：γ、β 以及其前的任何层都永远学不到东西。γ 为 0 只适用于要加到另一分支上的分支的末端。",
    ],
    [
      "At γ = 0 the top is β alone, whatever comes in, and no gradient gets back to the layers before until γ has learned something; two such Scales one behind the other, with β at 0, never learn γ. A γ of 0 is of use only at the end of a branch that is added to another.",
      "γ = 0 时，无论输入什么，top 都只是 β；在 γ 学到东西之前，没有梯度能传回其前的层；两个这样的 Scale 前后相接且 β 为 0 时，永远学不到 γ。γ 为 0 只适用于要加到另一分支上的分支的末端。",
    ],
    [
      "{layer} starts with random γ: {type} with mean {n} and standard deviation {n2}",
      "{layer} 的 γ 从随机值开始：{type}，均值 {n}，标准差 {n2}",
    ],
    [
      'γ is not one weight among many, but the scale of a whole channel, which BatchNorm "{name}" has just made 1.',
      'γ 不是众多权重中的一个，而是整个通道的尺度，BatchNorm "{name}" 刚刚把它变成 1。',
    ],
    [
      "Channels start at about 1/{n} of their strength, and the gradient of the layers before with them.",
      "通道一开始只有大约 1/{n} 的强度，其前各层的梯度也随之变小。",
    ],
    [
      "Some channels start near 0 and learn late, others stronger than the rest.",
      "有些通道从 0 附近开始，学得晚；另一些则比其余的强。",
    ],
    [
      "About half of the γ are negative. Without filler all start at 1.",
      "大约一半的 γ 是负数。不写 filler 时全部从 1 开始。",
    ],
  ],
};
