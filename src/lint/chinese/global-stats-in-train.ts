import type { ChineseRule } from "./template.js";

export const globalStatsInTrain: ChineseRule = {
  summary: "TRAIN 中 `use_global_stats: true`：用来归一化的滑动平均从不更新，一开始是空的",
  texts: [
    ["{layer} is frozen: use_global_stats: true in TRAIN", "{layer} 被冻结：TRAIN 中 use_global_stats: true"],
    [
      "{layer} normalizes by averages that training never updates: use_global_stats: true in TRAIN",
      "{layer} 用训练从不更新的滑动平均来归一化：TRAIN 中 use_global_stats: true",
    ],
  ],
};
