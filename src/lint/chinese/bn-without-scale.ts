import type { ChineseRule } from "./template.js";

export const bnWithoutScale: ChineseRule = {
  summary: "BatchNorm 之后没有 Scale：归一化之后没有再缩放和平移",
  texts: [
    [
      "{layer} has no Scale behind it, which only Intel's fork of Caffe does not need",
      "{layer} 之后没有 Scale，而只有 Caffe 的 Intel 分支才不需要它",
    ],
    [
      "{text} in line {n} is a field of Intel's fork. With its MKL engines BatchNorm has γ and β inside; Caffe's has neither, and needs a Scale with bias_term: true behind it to train and to run the same.",
      "第 {n} 行的 {text} 是 Intel 分支的字段。使用它的 MKL engine 时，BatchNorm 内含 γ 和 β；Caffe 的两者都没有，其后需要一个带 bias_term: true 的 Scale，训练和运行的结果才会相同。",
    ],
    ["{layer} has no Scale behind it, but {layers}", "{layer} 之后没有 Scale，而是 {layers}"],
    [
      "Its own weights can learn the scale and shift of each channel, except for a shift at padded borders, so the net loses little. Weight decay pulls such a scale to 0, which decay_mult: 0 in a Scale would prevent.",
      "它自己的权重可以学到每个通道的缩放和平移（填充边缘处的平移除外），所以网络损失不大。权重衰减会把这样的缩放拉向 0，而在 Scale 中写 decay_mult: 0 就可以避免。",
    ],
    ["{layer} has no Scale behind it", "{layer} 之后没有 Scale"],
    [
      'Every channel of "{name}" has mean 0 and variance 1 in training and stays so, whatever the net learns.',
      '无论网络学到什么，"{name}" 的每个通道在训练中始终是均值 0、方差 1。',
    ],
    [
      'Every channel of "{name}" has mean 0 and variance 1 in training and stays so, whatever the net learns: that is all that {layer} gets.',
      '无论网络学到什么，"{name}" 的每个通道在训练中始终是均值 0、方差 1：{layer} 得到的只有这些。',
    ],
    [
      'Every channel of "{name}" has mean 0 and variance 1 in training and stays so, whatever the net learns: that is all that {layer} gets, which cuts about half of it away.',
      '无论网络学到什么，"{name}" 的每个通道在训练中始终是均值 0、方差 1：{layer} 得到的只有这些，而它又会截去大约一半。',
    ],
    [
      'Every channel of "{name}" has mean 0 and variance 1 in training and stays so, whatever the net learns: that is all that {layer} gets, which is nearly a straight line there.',
      '无论网络学到什么，"{name}" 的每个通道在训练中始终是均值 0、方差 1：{layer} 得到的只有这些，而它在那个范围内几乎是一条直线。',
    ],
    ['Scale "{name}" comes only behind that.', 'Scale "{name}" 在那之后才出现。'],
    [
      "Batch normalization is y = γ·x̂ + β; BatchNorm gives x̂, and γ and β are a Scale's with bias_term: true. A new one starts at γ = 1 and β = 0, so a trained net computes what it did.",
      "批量归一化是 y = γ·x̂ + β；BatchNorm 给出 x̂，γ 和 β 则属于带 bias_term: true 的 Scale。新加的 Scale 从 γ = 1、β = 0 开始，所以训练好的网络的计算结果不变。",
    ],
    [
      "Here they could not learn: what follows has no gradient to send back.",
      "但在这里它们无法学习：其后的层没有梯度可以传回。",
    ],
  ],
};
