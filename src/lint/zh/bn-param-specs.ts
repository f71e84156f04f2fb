import type { ChineseTexts } from "./texts.js";

export const bnParamSpecs: ChineseTexts = {
  summary: "BatchNorm 的 param 既不是没有，也不是三个 `lr_mult: 0 decay_mult: 0`",
  about:
    "Caffe 会补上缺少的 param（lr_mult 0），但在决定反向计算时把它当作 1。lr_mult 为 0 时权重衰减不起作用，decay_mult 只会让人误解。三个 `lr_mult: 0 decay_mult: 0` 说明了实际发生的事。",
  messages: [
    ["{layer} has {n} param specs for its three statistics", "{layer} 对它的三个统计量写了 {n} 个 param"],
    ["{layer} has {n} param spec for its three statistics", "{layer} 对它的三个统计量写了 {n} 个 param"],
    [
      "{layer} keeps decay_mult at {value} for statistics with lr_mult 0",
      "{layer} 对 lr_mult 为 0 的统计量保留了 decay_mult {value}",
    ],
  ],
};
