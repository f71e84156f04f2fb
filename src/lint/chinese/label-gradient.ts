import type { ChineseRule } from "./template.js";

export const labelGradient: ChineseRule = {
  summary: "某层需要把梯度送到没有梯度的地方：标签、索引，或 Threshold",
  texts: [
    [
      "{layer} reads its bottom {bottom} from {other}, which a gradient would go back to",
      "{layer} 的 bottom {bottom} 来自 {other}，梯度会传回那里",
    ],
  ],
};
