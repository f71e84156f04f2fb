import type { ChineseTexts } from "./texts.js";

export const bnFraction: ChineseTexts = {
  summary: "`moving_average_fraction` 不在 0 到 1 之间、等于 1，或者小到滑动平均只相当于一两个批次",
  about:
    "每次前向都会 M ← f·M + 均值，V ← f·V + 方差，s ← f·s + 1，TEST 使用 M/s 和 V/s。f 是旧平均所保留的比例：太小时测试取决于最后的图像，为 1 时永远不会忘记，大于 1 时会无限增长。其他程序写的往往是新值的比例：它们的 0.1 在 Caffe 中是 0.9。",
  messages: [
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
