import type { ChineseRule } from "./template.js";

export const batchStatsInTest: ChineseRule = {
  summary: "TEST 中按批次归一化的 BatchNorm：`use_global_stats: false`",
  texts: [
    [
      "{layer} normalizes by the batch in TEST: use_global_stats: false",
      "{layer} 在 TEST 中按批次归一化：use_global_stats: false",
    ],
  ],
};
