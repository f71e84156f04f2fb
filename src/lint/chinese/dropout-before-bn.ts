import type { ChineseRule } from "./template.js";

export const dropoutBeforeBn: ChineseRule = {
  summary: "Dropout 在 BatchNorm 之前：滑动平均包含它的噪声，而 TEST 中没有",
  texts: [["{layer} comes behind {other}", "{layer} 位于 {other} 之后"]],
};
