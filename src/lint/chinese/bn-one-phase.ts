import type { ChineseRule } from "./template.js";

export const bnOnePhase: ChineseRule = {
  summary: "BatchNorm 或其后的 Scale 只存在于 TRAIN 或 TEST 之一",
  texts: [
    ["{layer} is in TEST only, so it is never trained", "{layer} 只在 TEST 中，所以从未被训练"],
    ["{layer} is in TRAIN only{rest}", "{layer} 只在 TRAIN 中{rest}"],
  ],
};
