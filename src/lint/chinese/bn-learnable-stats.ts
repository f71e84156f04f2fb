import type { ChineseRule } from "./template.js";

export const bnLearnableStats: ChineseRule = {
  summary: "BatchNorm 的 param 让求解器去学习统计量：`lr_mult` 不为 0",
  texts: [
    [
      "{layer} has a param spec of lr_mult {n} for its statistics ({names})",
      "{layer} 的统计量（{names}）带有 lr_mult 为 {n} 的 param",
    ],
    ["mean", "均值"],
    ["variance", "方差"],
    [
      "Mean, variance and factor are computed, not learned; a spec without lr_mult has 1.",
      "均值、方差和 factor 是算出来的，不是学习得到的；不写 lr_mult 的 param 取 1。",
    ],
    [
      "With exactly three specs Caffe takes the layer for one of an old version: it logs that it upgrades the layer, and sets all multipliers to 0.",
      "恰好有三个 param 时，Caffe 会把它当作旧版本的层：在日志中说明升级了该层，并把所有系数设为 0。",
    ],
    [
      'With {n} instead of 3 specs Caffe aborts: "{error}".',
      '有 {n} 个而不是 3 个 param 时，Caffe 会中止："{error}"。',
    ],
    [
      "Versions before September 2016 let weight decay shrink the statistics, all three by the same factor, which M/s and V/s do not show.",
      "2016 年 9 月之前的版本会让权重衰减缩小统计量：三者按同样的比例缩小，所以在 M/s 和 V/s 中看不出来。",
    ],
    [
      "Versions before September 2016 let weight decay shrink the statistics, not all by the same factor, so that TEST went by wrong averages.",
      "2016 年 9 月之前的版本会让权重衰减缩小统计量：三者缩小的比例不同，所以 TEST 使用了错误的滑动平均。",
    ],
  ],
};
