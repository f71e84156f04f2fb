import type { ChineseRule } from "./template.js";

export const redundantGlobalStats: ChineseRule = {
  summary: "`use_global_stats` 设置成了阶段本来就会给的值",
  texts: [
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
