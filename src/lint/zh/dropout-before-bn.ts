import type { ChineseTexts } from "./texts.js";

export const dropoutBeforeBn: ChineseTexts = {
  summary: "Dropout 在 BatchNorm 之前：滑动平均包含它的噪声，而 TEST 中没有",
  about:
    "训练时 BatchNorm 平均的方差包含 Dropout 的噪声；TEST 中不丢弃任何值，却使用这些滑动平均，所以通道比训练时弱，而且各不相同。放在最后一个 BatchNorm 之后就没有这个问题。",
  messages: [["{layer} comes behind {other}", "{layer} 位于 {other} 之后"]],
};
