import type { ChineseRule } from "./template.js";

export const zeroWeightFiller: ChineseRule = {
  summary: "学习权重的层没有写 weight_filler：权重从 0 开始",
  texts: [
    [
      "{layer} and {more}, of {n} that learn weights, have no weight_filler",
      "{layer} 和另外 {more}（共 {n} 个学习权重的层）没有写 weight_filler",
    ],
    ["{layer} has no weight_filler", "{layer} 没有写 weight_filler"],
  ],
};
