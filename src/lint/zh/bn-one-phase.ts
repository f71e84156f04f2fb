import type { ChineseTexts } from "./texts.js";

export const bnOnePhase: ChineseTexts = {
  summary: "BatchNorm 或其后的 Scale 只存在于 TRAIN 或 TEST 之一",
  about:
    "一个同时用于两个阶段的层在 TRAIN 中按批次归一化，在 TEST 中按滑动平均归一化；分成两层时必须用同一个名称。只在一个阶段存在时，后面的层在另一个阶段得到的是不同的值。",
  messages: [
    ["{layer} is in TEST only, so it is never trained", "{layer} 只在 TEST 中，所以从未被训练"],
    ["{layer} is in TRAIN only{rest}", "{layer} 只在 TRAIN 中{rest}"],
  ],
};
