import type { ChineseRule } from "./template.js";

export const bnPhasesDiffer: ChineseRule = {
  summary: "BatchNorm 或其后的 Scale 在 TEST 中与 TRAIN 中（或权重来源中）的设置不同",
  texts: [
    ["{layer} has {field} {a}, and {b} in TRAIN", "{layer} 的 {field} 为 {a}，而在 TRAIN 中为 {b}"],
    ["{layer} has {field} {a} in TEST and {b} in TRAIN", "{layer} 的 {field} 在 TEST 中为 {a}，在 TRAIN 中为 {b}"],
  ],
};
