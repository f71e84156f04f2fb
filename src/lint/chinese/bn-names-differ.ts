import type { ChineseRule } from "./template.js";

export const bnNamesDiffer: ChineseRule = {
  summary: "BatchNorm 或其后的 Scale 在 TEST 中与 TRAIN 中（或权重中）的名称不同",
  texts: [
    [
      "{layer} has another name than in TRAIN, where {other} is in its place",
      "{layer} 与 TRAIN 中的名称不同，那里对应的是 {other}",
    ],
  ],
};
