import type { ChineseRule } from "./template.js";

export const biasBeforeBn: ChineseRule = {
  summary: "紧接在 BatchNorm 之前的层带有偏置，而减去均值又把它抵消",
  texts: [
    [
      '{layer} adds a bias that BatchNorm "{norm}" takes away again',
      '{layer} 加上了偏置，BatchNorm "{norm}" 又把它减掉',
    ],
    [
      "A bias moves the mean of a channel by just as much, and BatchNorm subtracts the mean: what it learns changes nothing. Without it the net has {parameters} less.",
      "偏置让通道的均值移动同样的量，而 BatchNorm 会减去均值：它学到的东西不起任何作用。去掉它，网络可以少 {parameters}。",
    ],
    ["It stays, since {layer} shares it.", "它被保留，因为 {layer} 与之共享。"],
    [
      "Weights that were trained with it no longer load without it, since the number of blobs differs: have them repaired along with the text (--weights).",
      "带着偏置训练的权重在去掉偏置后无法加载，因为 blob 的数目不同：请连同文本一起修复权重（--weights）。",
    ],
    [
      'It stays: it cannot move into the mean of BatchNorm "{name}", which has {what} in the weights.',
      '它被保留：它无法并入 BatchNorm "{name}" 的均值，因为该层在权重中有 {what}。',
    ],
    ["{blobs} instead of 3", "{blobs}而不是 3 个"],
    ["{count} channels instead of {count2}", "{count} 个通道而不是 {count2} 个"],
    ["a factor of {factor}", "值为 {factor} 的 factor"],
    [
      'It stays: BatchNorm "{name}" shares its mean with {layer}.',
      '它被保留：BatchNorm "{name}" 与 {layer} 共享均值。',
    ],
    ["The weights given have no bias for it.", "给定的权重中没有它的偏置。"],
    [
      "The bias in the weights given moves into the running mean, so that the net computes in TEST what it did.",
      "给定权重中的偏置会并入滑动均值，使网络在 TEST 中的计算结果与之前相同。",
    ],
  ],
};
