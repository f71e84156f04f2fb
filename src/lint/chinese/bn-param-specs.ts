import type { ChineseRule } from "./template.js";

export const bnParamSpecs: ChineseRule = {
  summary: "BatchNorm 的 param 既不是没有，也不是三个 `lr_mult: 0 decay_mult: 0`",
  texts: [
    ["{layer} has {n} param specs for its three statistics", "{layer} 对它的三个统计量写了 {n} 个 param"],
    ["{layer} has {n} param spec for its three statistics", "{layer} 对它的三个统计量写了 {n} 个 param"],
    [
      "{layer} keeps decay_mult at {value} for statistics with lr_mult 0",
      "{layer} 对 lr_mult 为 0 的统计量保留了 decay_mult {value}",
    ],
  ],
};
