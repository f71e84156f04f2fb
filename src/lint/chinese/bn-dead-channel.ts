import type { ChineseRule } from "./template.js";

export const bnDeadChannel: ChineseRule = {
  summary: "权重中 BatchNorm 的某些通道几乎不变，或在其后被缩放为零",
  texts: [
    [
      "{layer} has {channels} of {n} that never varied in training",
      "{layer} 的 {n} 个通道中有 {channels}在训练中从未变化",
    ],
    [
      "V/s is below {n} in {channels}, next to nothing beside eps {n2}: what comes out is a constant, β. Its filters before may be all 0. Where TEST gives another value than training did, it is multiplied by {n3}.",
      "{channels} 的 V/s 小于 {n}，与 eps {n2} 相比微乎其微：输出是常数 β。前面对应的滤波器可能全是 0。如果 TEST 中的值与训练时不同，差别会被放大 {n3} 倍。",
    ],
    [
      '{layer} scales {channels} of {n} to 0 behind BatchNorm "{name}"',
      '{layer} 把 BatchNorm "{name}" 之后 {n} 个通道中的 {channels}缩放为 0',
    ],
    [
      "γ is 0 or less than a millionth of the layer's largest, {n}, in {channels}: only β comes out there, whatever goes in. These channels, and the filters that make them, cost time and could be cut out of the net.",
      "{channels} 的 γ 为 0，或不到该层最大值 {n} 的百万分之一：无论输入什么，那里只输出 β。这些通道以及产生它们的滤波器只耗费时间，可以从网络中剪掉。",
    ],
  ],
};
