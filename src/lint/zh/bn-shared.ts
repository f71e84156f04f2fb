import type { ChineseTexts } from "./texts.js";

export const bnShared: ChineseTexts = {
  summary: "通过 `param { name }` 共享滑动平均的 BatchNorm（全部或部分），或者只共享其后的 Scale",
  about:
    "均值、方差和缩放因子是一个整体：每次前向 s ← f·s + 1，M ← f·M + 均值，V ← f·V + 方差，TEST 使用 M/s 和 V/s。只共享一部分时它们不再匹配；而且它们来自不同的输入。",
  messages: [
    ["{layer} shares its {what} with {other}, but not its {rest}", "{layer} 与 {other} 共享 {what}，但不共享 {rest}"],
  ],
};
