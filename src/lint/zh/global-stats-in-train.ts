import type { ChineseTexts } from "./texts.js";

export const globalStatsInTrain: ChineseTexts = {
  summary: "TRAIN 中 `use_global_stats: true`：用来归一化的滑动平均从不更新，一开始是空的",
  about:
    "从头训练时滑动平均是空的：均值和方差算作 0，除以 √eps，数值变成几百倍，损失会爆炸或停在最高处。不写 use_global_stats 时由阶段决定：TRAIN 用批统计量，TEST 用滑动平均。它只适用于冻结的层。",
  messages: [
    ["{layer} is frozen: use_global_stats: true in TRAIN", "{layer} 被冻结：TRAIN 中 use_global_stats: true"],
    [
      "{layer} normalizes by averages that training never updates: use_global_stats: true in TRAIN",
      "{layer} 用训练从不更新的滑动平均来归一化：TRAIN 中 use_global_stats: true",
    ],
  ],
};
