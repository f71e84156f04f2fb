import { batchStatsReasons } from "./reasons.js";
import type { ChineseRule } from "./template.js";

export const batchStatsInTest: ChineseRule = {
  summary: "TEST 中使用 `use_global_stats: false`：一张图像的结果取决于同批次的其他图像",
  texts: [
    [
      "{layer} normalizes by the batch in TEST: use_global_stats: false",
      "{layer} 在 TEST 中按批次归一化：use_global_stats: false",
    ],
    [
      "What comes out for one image depends on which others are in its batch, and on how many.",
      "一张图像的输出取决于同批次里还有哪些图像、有多少张。",
    ],
    [
      "A channel's mean is over m = 1 value here, so what comes out is 0, whatever goes in.",
      "这里每个通道的均值只由 m = 1 个值得出，所以无论输入什么，输出都是 0。",
    ],
    [
      "A channel's mean and variance are over m = {n} values here, of {images}: what comes out for one depends on the others.",
      "这里每个通道的均值和方差由 {images}的 m = {n} 个值得出：一张图像的输出取决于其他图像。",
    ],
    [
      "A channel's mean and variance are over m = {n} values here, of 1 image: its brightness and contrast are lost, and any larger batch gives other answers.",
      "这里每个通道的均值和方差由 1 张图像的 m = {n} 个值得出：图像的亮度和对比度丢失了，而批次更大时结果又会不同。",
    ],
    [
      "A channel's mean and variance are over m = {n} values here, of 1 image: its brightness and contrast are lost, while training normalized by whole batches, and any larger batch gives other answers.",
      "这里每个通道的均值和方差由 1 张图像的 m = {n} 个值得出：图像的亮度和对比度丢失了，而训练时是按整个批次归一化的；批次更大时结果又会不同。",
    ],
    [
      "It seems to be meant: {reason}. Then training and deployment need batches of the same kind.",
      "这似乎是有意的：{reason}。那么训练和部署需要使用同样的批次。",
    ],
    [
      "The averages that training has gathered for this are not used. Left out, the phase decides: the averages in TEST.",
      "训练为此收集的滑动平均没有用上。不写这个字段时由阶段决定：TEST 用滑动平均。",
    ],
    [
      "The averages that training has gathered for this are not used. Left out, the phase decides: the averages in TEST, the batch in TRAIN.",
      "训练为此收集的滑动平均没有用上。不写这个字段时由阶段决定：TEST 用滑动平均，TRAIN 用批统计量。",
    ],
    ...batchStatsReasons,
  ],
};
