import type { ChineseRule } from "./template.js";

export const dropoutBeforeBn: ChineseRule = {
  summary: "BatchNorm 之前有 Dropout：滑动平均中含有其噪声的方差，而 TEST 中没有这种噪声",
  texts: [
    ["{layer} comes behind {other}", "{layer} 位于 {other} 之后"],
    [", through {layer}", "，中间经过 {layer}"],
    [
      "In training the variance that BatchNorm averages includes the noise of what is dropped; in TEST nothing is dropped, but the averages are used.",
      "训练时 BatchNorm 所平均的方差包含随机丢弃带来的噪声；TEST 中不丢弃，却使用这些滑动平均。",
    ],
    [
      "With a ratio of {n} it is at least 1/(1 − {n2}) = {n3} times as large, so in TEST channels come out with at most √{n4} = {n5} of the standard deviation they had in training.",
      "丢弃率为 {n} 时，方差至少是原来的 1/(1 − {n2}) = {n3} 倍，所以 TEST 中各通道输出的标准差最多只有训练时的 √{n4} = {n5}。",
    ],
    [
      "In TEST channels come out weaker than they were in training, each by another share.",
      "在 TEST 中，各通道的输出比训练时弱，而且各自减弱的程度不同。",
    ],
    ["Behind the last BatchNorm, Dropout does not do this.", "把 Dropout 放在最后一个 BatchNorm 之后就没有这个问题。"],
  ],
};
