import type { ChineseRule } from "./template.js";

export const bnLearnableStats: ChineseRule = {
  summary: "BatchNorm 的 param 让求解器学习它的统计量：`lr_mult` 不为 0",
  texts: [
    [
      "{layer} has a param spec of lr_mult {value} for its statistics ({names})",
      "{layer} 对它的统计量（{names}）写了 lr_mult 为 {value} 的 param",
    ],
  ],
};
