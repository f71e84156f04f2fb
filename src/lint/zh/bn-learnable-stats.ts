import type { ChineseTexts } from "./texts.js";

export const bnLearnableStats: ChineseTexts = {
  summary: "BatchNorm 的 param 让求解器学习它的统计量：`lr_mult` 不为 0",
  about:
    "均值、方差和缩放因子是计算出来的，不是学习出来的；没有写 lr_mult 的 param 的值是 1。正好三个 param 时 Caffe 把它当作旧格式并设为 0，其他数目会使 Caffe 中止。2016 年 9 月之前的版本会让权重衰减缩小统计量。",
  messages: [
    [
      "{layer} has a param spec of lr_mult {value} for its statistics ({names})",
      "{layer} 对它的统计量（{names}）写了 lr_mult 为 {value} 的 param",
    ],
  ],
};
