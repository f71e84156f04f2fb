import type { ChineseTexts } from "./texts.js";

export const redundantGlobalStats: ChineseTexts = {
  summary: "`use_global_stats` 设置成了阶段本来就会给的值",
  about: "不设置时该字段随阶段而定：TRAIN 用批统计量，TEST 用滑动平均，所以同一份文本对两者都合适。",
  messages: [
    [
      "{n} layers set use_global_stats to what their phase gives anyway; the first is {layer}",
      "{n} 个层把 use_global_stats 设置成了阶段本来就会给的值；第一个是 {layer}",
    ],
    [
      "{layer} sets use_global_stats to what its phase gives anyway",
      "{layer} 把 use_global_stats 设置成了阶段本来就会给的值",
    ],
  ],
};
