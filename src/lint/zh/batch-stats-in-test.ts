import type { ChineseTexts } from "./texts.js";

export const batchStatsInTest: ChineseTexts = {
  summary: "TEST 中按批次归一化的 BatchNorm：`use_global_stats: false`",
  about:
    "训练收集的滑动平均没有被使用：一张图像的输出取决于同批次的其他图像。不写 use_global_stats 时由阶段决定：TEST 用滑动平均，TRAIN 用批统计量。",
  messages: [
    [
      "{layer} normalizes by the batch in TEST: use_global_stats: false",
      "{layer} 在 TEST 中按批次归一化：use_global_stats: false",
    ],
  ],
};
