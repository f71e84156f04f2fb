import type { ChineseRule } from "./template.js";

export const bnEps: ChineseRule = {
  summary: "BatchNorm 的 `eps` 为 0、为负，或者与所加的方差相比不够小",
  texts: [
    ["{layer} has an eps of {n}: it takes the root of negative numbers", "{layer} 的 eps 为 {n}：会对负数开平方"],
    [
      "BatchNorm divides by √(variance + eps). One NaN is enough to make the whole net NaN, and a channel that is the same throughout has variance 0. A variance below {n} gives one.",
      "BatchNorm 除以 √(方差 + eps)。只要出现一个 NaN，整个网络就都会变成 NaN；而取值处处相同的通道方差为 0。方差小于 {n} 时就会产生 NaN。",
    ],
    [
      "{layer} has an eps of 0: a channel that does not vary is divided by 0",
      "{layer} 的 eps 为 0：取值不变的通道会被 0 除",
    ],
    [
      "BatchNorm divides by √(variance + eps). A channel that is the same over a batch, as one of weights that are 0, gives 0/0 = NaN, and the loss with it; with the default 1e-5 it gives 0.",
      "BatchNorm 除以 √(方差 + eps)。如果某个通道在整个批次上取值相同（例如权重全为 0），结果就是 0/0 = NaN，损失也随之变成 NaN；用默认值 1e-5 则得到 0。",
    ],
    ["In the weights given that is so for {n} of {channels}.", "在给定的权重中，{channels}里有 {n} 个如此。"],
    [
      "{layer} has an eps of {n}, which is not small beside the variance of a channel",
      "{layer} 的 eps 为 {n}，与通道的方差相比不够小",
    ],
    [
      "BatchNorm divides by √(variance + eps). A channel of variance 1 comes out with a standard deviation of {n} instead of 1, one of variance 0.01 with {n2}: weak channels stay weak. The default is 1e-5, and nets from elsewhere have 1e-3. Weights need the eps that they were trained with.",
      "BatchNorm 除以 √(方差 + eps)。方差为 1 的通道，输出的标准差是 {n} 而不是 1；方差为 0.01 的通道则是 {n2}：弱的通道仍然弱。默认值是 1e-5，来自其他框架的网络常用 1e-3。权重必须配合训练时所用的 eps。",
    ],
    [
      "{n} of {channels} in the weights given have a variance below it.",
      "给定的权重共有 {channels}，其中 {n} 个的方差小于它。",
    ],
  ],
};
