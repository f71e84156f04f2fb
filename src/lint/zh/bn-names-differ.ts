import type { ChineseTexts } from "./texts.js";

export const bnNamesDiffer: ChineseTexts = {
  summary: "BatchNorm 或其后的 Scale 在 TEST 中与 TRAIN 中（或权重中）的名称不同",
  about:
    "参数按层的名称传递，名称不同就什么也得不到：BatchNorm 的滑动平均保持为 0，没有归一化；Scale 的 γ 和 β 保持初始值。",
  messages: [
    [
      "{layer} has another name than in TRAIN, where {other} is in its place",
      "{layer} 与 TRAIN 中的名称不同，那里对应的是 {other}",
    ],
  ],
};
