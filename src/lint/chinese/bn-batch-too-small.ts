import type { ChineseRule } from "./template.js";

export const bnBatchTooSmall: ChineseRule = {
  summary: "BatchNorm 的统计量只来自一个值、很少的值，或一次一张图像",
  texts: [],
};
