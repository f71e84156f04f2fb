import type { ChineseRule } from "./template.js";

export const phaseNamesDiffer: ChineseRule = {
  summary: "带参数的层在 TEST 中与 TRAIN 中的名称不同，所以从未被训练",
  texts: [
    [
      "{layer} has another name than in TRAIN, where {other} is in its place",
      "{layer} 与 TRAIN 中的名称不同，那里对应的是 {other}",
    ],
  ],
};
