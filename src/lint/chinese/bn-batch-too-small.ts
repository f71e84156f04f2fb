import type { ChineseRule } from "./template.js";

export const bnBatchTooSmall: ChineseRule = {
  summary: "BatchNorm 的通道统计量只由一个值、寥寥几个值，或每次一张图像得出",
  texts: [
    [
      "{layer} takes the statistics of a channel over m = 1 value, so its output is always 0",
      "{layer} 的通道统计量只由 m = 1 个值得出，所以输出总是 0",
    ],
    [
      "{layer} takes, on each of {n} ranks, the statistics of a channel over m = 1 value, so its output is always 0",
      "{layer} 在 {n} 个 rank 的每一个上，通道统计量都只由 m = 1 个值得出，所以输出总是 0",
    ],
    ["{layer} takes the statistics of a channel over only m = {values}", "{layer} 的通道统计量只由 m = {values}得出"],
    [
      "{layer} takes, on each of {n} ranks, the statistics of a channel over only m = {values}",
      "{layer} 在 {n} 个 rank 的每一个上，通道统计量都只由 m = {values}得出",
    ],
    [" of all {n} ranks together", "（{n} 个 rank 合计）"],
    [
      "The bottom is {shape}, so N·H·W is 1: the mean of a channel is that value itself and its variance 0, and (x − mean)/√(0 + eps) is 0 whatever goes in. No gradient comes back either, and {averages}.",
      "bottom 的形状是 {shape}，所以 N·H·W 为 1：通道的均值就是这个值本身，方差为 0，无论输入什么，(x − 均值)/√(0 + eps) 都是 0。也没有梯度传回，而且{averages}。",
    ],
    [
      "The bottom of a rank is {shape}, so N·H·W is 1: the mean of a channel is that value itself and its variance 0, and (x − mean)/√(0 + eps) is 0 whatever goes in. No gradient comes back either, and {averages}.",
      "每个 rank 的 bottom 的形状是 {shape}，所以 N·H·W 为 1：通道的均值就是这个值本身，方差为 0，无论输入什么，(x − 均值)/√(0 + eps) 都是 0。也没有梯度传回，而且{averages}。",
    ],
    [
      "the averages for TEST, over all ranks, have a variance that no rank has normalized by",
      "供 TEST 使用的滑动平均取自所有 rank，其方差没有任何 rank 在归一化时用过",
    ],
    ["the averages for TEST collect variances of 0", "供 TEST 使用的滑动平均收集到的方差都是 0"],
    ["The bottom is {shape}, so N·H·W is {n}. A variance", "bottom 的形状是 {shape}，所以 N·H·W 为 {n}。方差"],
    [
      "The bottom of a rank is {shape}, so N·H·W is {n}. A variance",
      "每个 rank 的 bottom 的形状是 {shape}，所以 N·H·W 为 {n}。方差",
    ],
    [
      "The bottom is {shape}, so N·H·W is {n}, and {n2} with those of all ranks. A variance",
      "bottom 的形状是 {shape}，所以 N·H·W 为 {n}，所有 rank 合计 {n2}。方差",
    ],
    [
      "The bottom of a rank is {shape}, so N·H·W is {n}, and {n2} with those of all ranks. A variance",
      "每个 rank 的 bottom 的形状是 {shape}，所以 N·H·W 为 {n}，所有 rank 合计 {n2}。方差",
    ],
    [
      " over {values} is off by about {share} (√(2/(m − 1))), and anew in each batch, while TEST goes by averages",
      "由 {values}得出时误差约为 {share}（√(2/(m − 1))），而且每个批次都不同，TEST 则使用滑动平均",
    ],
    ["; those correct it by m/(m − 1) = {n}.", "；滑动平均会用 m/(m − 1) = {n} 修正它。"],
    [
      " over all ranks, or of rank 0 alone with --bn-averages root.",
      "，它取自所有 rank；使用 --bn-averages root 时只取自 rank 0。",
    ],
    [
      "With --sync-bn the statistics are over the batches of all ranks: {product} = {values}.",
      "使用 --sync-bn 时，统计量取自所有 rank 的批次：{product} = {values}。",
    ],
    ["{layer} sees one image at a time", "{layer} 每次只看到一张图像"],
    ["{layer} sees one image at a time on each of {n} ranks", "{layer} 在 {n} 个 rank 的每一个上，每次只看到一张图像"],
    [": iter_size: {n} adds gradients up, not statistics", "：iter_size: {n} 累加的是梯度，不是统计量"],
    [
      "The batch has N = 1, so each of the {n} forwards of an iteration normalizes its image by itself, here over m = {values}: brightness and contrast of the image are lost in training, and are there in TEST.",
      "批次的 N = 1，所以一次迭代的 {n} 次前向计算各自只按自己的那张图像归一化，这里由 m = {values}得出：图像的亮度和对比度在训练中丢失，在 TEST 中却还在。",
    ],
    [
      "With --sync-bn a forward takes its statistics over {images}, one of each rank.",
      "使用 --sync-bn 时，一次前向计算的统计量由 {images}得出，每个 rank 一张。",
    ],
  ],
};
