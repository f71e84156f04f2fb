import { freezeReasons } from "./reasons.js";
import type { ChineseRule } from "./template.js";

export const globalStatsInTrain: ChineseRule = {
  summary: "TRAIN 中使用 `use_global_stats: true`：归一化所用的滑动平均从不更新，而且一开始是空的",
  texts: [
    ["{layer} is frozen: use_global_stats: true in TRAIN", "{layer} 被冻结：在 TRAIN 中使用 use_global_stats: true"],
    [
      "Its averages stay as they are loaded, and training does not follow what the layers before it learn. That seems to be meant: {reason}",
      "它的滑动平均停留在加载的值上，训练不会跟随其前各层学到的变化。这似乎是有意的：{reason}",
    ],
    [
      "{layer} normalizes by averages that training never updates: use_global_stats: true in TRAIN",
      "{layer} 归一化所用的滑动平均在训练中从不更新：在 TRAIN 中使用 use_global_stats: true",
    ],
    [
      "In the weights given its factor is 0, so its averages are empty",
      "在给定的权重中它的 factor 为 0，所以滑动平均是空的",
    ],
    ["The weights given have no averages for it, so they are empty", "给定的权重中没有它的滑动平均，所以是空的"],
    ["Training from scratch starts with empty averages", "从头训练时，滑动平均一开始是空的"],
    [
      ": mean and variance count as 0, and it divides by √eps = {n}, which makes values {n2} times as large.",
      "：均值和方差都被当作 0，它除以 √eps = {n}，使数值变为 {n2} 倍。",
    ],
    [
      "With {n} such layer in this net they overflow, and a softmax loss is NaN (on a GPU 87.3365).",
      "这个网络中有 {n} 个这样的层，数值会溢出，softmax 损失变成 NaN（在 GPU 上是 87.3365）。",
    ],
    [
      "With {n} such layers in this net they overflow, and a softmax loss is NaN (on a GPU 87.3365).",
      "这个网络中有 {n} 个这样的层，数值会溢出，softmax 损失变成 NaN（在 GPU 上是 87.3365）。",
    ],
    [
      "With {n} such layer in this net they explode: a softmax is certain of one class, and each image of another costs 87.3365, the −ln of FLT_MIN.",
      "这个网络中有 {n} 个这样的层，数值会爆炸：softmax 完全认定某一类，而每张属于其他类的图像损失都是 87.3365，即 FLT_MIN 的 −ln。",
    ],
    [
      "With {n} such layers in this net they explode: a softmax is certain of one class, and each image of another costs 87.3365, the −ln of FLT_MIN.",
      "这个网络中有 {n} 个这样的层，数值会爆炸：softmax 完全认定某一类，而每张属于其他类的图像损失都是 87.3365，即 FLT_MIN 的 −ln。",
    ],
    [
      "Left out, the phase decides: the batch in TRAIN, the averages in TEST.",
      "不写这个字段时由阶段决定：TRAIN 用批统计量，TEST 用滑动平均。",
    ],
    ...freezeReasons,
  ],
};
