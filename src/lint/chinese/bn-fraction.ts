import type { ChineseRule } from "./template.js";

export const bnFraction: ChineseRule = {
  summary: "`moving_average_fraction` 不在 0 到 1 之间、等于 1，或者小到滑动平均只相当于一两个批次",
  texts: [
    [
      "{layer}: with {given} its averages are hardly more than the last batch",
      "{layer}：{given} 时，它的滑动平均几乎就是最后一个批次",
    ],
    ["{layer}: with {given} its averages never forget", "{layer}：{given} 时，它的滑动平均永远不会忘记"],
    [
      "{layer}: with {given} the first forwards count most in its averages",
      "{layer}：{given} 时，最早的几次前向在滑动平均中占比最大",
    ],
    [
      "{layer}: with {given} forwards are taken off its averages instead of added",
      "{layer}：{given} 时，前向的统计量是从滑动平均中减去而不是加上",
    ],
  ],
};
