import type { Pair } from "./template.js";

/** What shows that a BatchNorm normalizes by the batch in TEST on purpose. */
export const batchStatsReasons: readonly Pair[] = [
  ["its name says instance normalization", "它的名字表明这是实例归一化（instance normalization）"],
  [
    "all BatchNorm layers do so, and the net's output is an image, {shape}, by {layer}",
    "所有 BatchNorm 层都是如此，而网络的输出是 {shape} 的图像，由 {layer} 产生",
  ],
  [
    "all BatchNorm layers do so, and the net's output is an image, {shape}, larger than its input, as a generator's",
    "所有 BatchNorm 层都是如此，而网络的输出是 {shape} 的图像，比输入更大，像生成器那样",
  ],
];

/** What shows that a BatchNorm is frozen on purpose. */
export const freezeReasons: readonly Pair[] = [
  ["the weights given bring its averages, with a factor of {n}.", "给定的权重带有它的滑动平均，factor 为 {n}。"],
  ["{layer} behind it does not learn either (lr_mult: 0).", "其后的 {layer} 也不学习（lr_mult: 0）。"],
  ["{layer} before it does not learn either (lr_mult: 0).", "其前的 {layer} 也不学习（lr_mult: 0）。"],
];
