import type { ChineseRule } from "./template.js";

export const bnNegativeVariance: ChineseRule = {
  summary: "权重中 BatchNorm 的方差小于 0，或不是数",
  texts: [
    [
      "{layer} has a mean or variance that is no number in {channels} of {n}",
      "{layer} 的 {n} 个通道中有 {channels}的均值或方差不是数",
    ],
    [
      "The factor is {n}: both count as 0, and nothing is normalized. The file is damaged.",
      "factor 为 {n}：均值和方差都被当作 0，没有做任何归一化。文件已损坏。",
    ],
    ["The factor is NaN.", "factor 为 NaN。"],
    [
      "In TEST {channels} comes out as {values}, whatever goes in. Training has diverged, or the file is damaged.",
      "在 TEST 中，无论输入什么，{channels} 的输出都是 {values}。训练已经发散，或者文件已损坏。",
    ],
    [
      "In TEST {channels} come out as {values}, whatever goes in. Training has diverged, or the file is damaged.",
      "在 TEST 中，无论输入什么，{channels} 的输出都是 {values}。训练已经发散，或者文件已损坏。",
    ],
    ["infinity", "无穷大"],
    [
      "{layer} has a variance below 0 in {channels} of {n}: V/s is {n2} in channel {n3}",
      "{layer} 的 {n} 个通道中有 {channels}的方差小于 0：通道 {n3} 的 V/s 为 {n2}",
    ],
    [
      "In TEST the layer divides by √(V/s + eps), which is no number with eps {n} in {channels}: what comes out there is NaN.",
      "在 TEST 中该层除以 √(V/s + eps)，而 eps 为 {n} 时，它在{channels} 中不是数：那里的输出是 NaN。",
    ],
    [
      "eps {n} is larger, so it still computes numbers, but they are not normalized by a variance.",
      "eps {n} 的绝对值更大，所以仍能算出数值，但并不是按方差归一化的。",
    ],
    ["No training makes that: the factor is {n}.", "训练不会产生这样的结果：factor 为 {n}。"],
    [
      "No training makes that: the weights were converted wrongly, damaged, or changed by hand.",
      "训练不会产生这样的结果：权重转换有误、已损坏，或被手工改过。",
    ],
  ],
};
