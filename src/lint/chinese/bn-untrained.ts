import type { ChineseRule } from "./template.js";

export const bnUntrained: ChineseRule = {
  summary: "权重中没有 BatchNorm 的滑动平均，或者缩放因子为 0，因此被当作 0",
  texts: [],
};
