import type { ChineseRule } from "./template.js";

export const redundantGlobalStats: ChineseRule = {
  summary: "`use_global_stats` 设置的值与阶段本来的值相同",
  texts: [
    [
      "{layer} sets use_global_stats: {value}, which it is in {phase} anyway",
      "{layer} 设置了 use_global_stats: {value}，而在 {phase} 中本来就是这个值",
    ],
    [
      "{n} layers set use_global_stats to what their phase gives anyway; the first is {layer}",
      "{n} 个层把 use_global_stats 设成了其阶段本来的值；第一个是 {layer}",
    ],
    [
      "Only one phase runs each of these layers: TEST those with true, TRAIN those with false.",
      "这些层各自只在一个阶段运行：值为 true 的在 TEST，值为 false 的在 TRAIN。",
    ],
    ["Only {phase} runs this layer here.", "这里只有 {phase} 运行这个层。"],
    ["Only {phase} runs these layers, with {value}, here.", "这里只有 {phase} 运行这些值为 {value} 的层。"],
    [
      "Unset, the field follows the phase, the batch's statistics in TRAIN and the averages in TEST, so that one text is right for both.",
      "不设置时，这个字段跟随阶段：TRAIN 用批统计量，TEST 用滑动平均，这样同一份文本对两者都适用。",
    ],
  ],
};
