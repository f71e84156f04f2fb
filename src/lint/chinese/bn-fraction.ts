import type { ChineseRule } from "./template.js";

export const bnFraction: ChineseRule = {
  summary: "`moving_average_fraction` 不在 0 到 1 之间、等于 1，或者小到滑动平均只相当于一两个批次",
  texts: [
    [
      "{layer}: with moving_average_fraction {n} forwards are taken off its averages instead of added",
      "{layer}：moving_average_fraction 为 {n} 时，前向计算的统计量是从滑动平均中减去，而不是加上",
    ],
    [
      "Each forward makes M ← f·M + mean, V ← f·V + variance and s ← f·s + 1, and TEST goes by M/s and V/s.",
      "每次前向计算都执行 M ← f·M + 均值、V ← f·V + 方差、s ← f·s + 1，TEST 使用 M/s 和 V/s。",
    ],
    [
      "With f below 0 every second forward counts against the others, and a variance can get below 0.",
      "f 小于 0 时，每隔一次前向计算就会抵消其他的，方差也可能小于 0。",
    ],
    [
      "With f below 0 every second forward counts against the others, and a variance can get below 0; s is 0 after every second forward, for which TEST takes mean and variance as 0.",
      "f 小于 0 时，每隔一次前向计算就会抵消其他的，方差也可能小于 0；每两次前向计算之后 s 为 0，此时 TEST 把均值和方差都当作 0。",
    ],
    [
      "{layer}: with moving_average_fraction {n} the first forwards count most in its averages",
      "{layer}：moving_average_fraction 为 {n} 时，最初的前向计算在滑动平均中占得最多",
    ],
    [
      "With f above 1 the sums grow without end: the averages stay those of the untrained net, and after {forwards} s is more than a float can hold. TEST gives NaN when M and V are infinite too.",
      "f 大于 1 时，这些和会无限增长：滑动平均停留在未训练的网络的值上，{forwards}之后 s 就超出单精度浮点数的范围。等 M 和 V 也变成无穷大，TEST 就会得到 NaN。",
    ],
    [
      "{layer}: with moving_average_fraction {n} its averages never forget",
      "{layer}：moving_average_fraction 为 {n} 时，它的滑动平均永远不会忘记",
    ],
    [
      "With f = 1 all forwards count the same, those of the untrained net too: however long the training is, its first half weighs 50 %. It does not freeze the averages; use_global_stats: true does.",
      "f = 1 时，所有前向计算的分量都相同，包括未训练的网络的：无论训练多久，前一半都占 50 %。它并不会冻结滑动平均；use_global_stats: true 才会。",
    ],
    [
      "{layer}: with moving_average_fraction {n} its averages are hardly more than the last batch",
      "{layer}：moving_average_fraction 为 {n} 时，它的滑动平均几乎就是最后一个批次",
    ],
    [
      "f is the share of the old averages that stays, so they go over about 1/(1 − f) = {n} forwards, and TEST goes by whatever the last images were.",
      "f 是旧平均所保留的比例，所以滑动平均大约覆盖 1/(1 − f) = {n} 次前向计算，TEST 的结果取决于最后碰巧是哪些图像。",
    ],
    [
      "f is the share of the old averages that stays, so they go over about 1/(1 − f) = {n} forwards, of {values} a channel, and TEST goes by whatever the last images were.",
      "f 是旧平均所保留的比例，所以滑动平均大约覆盖 1/(1 − f) = {n} 次前向计算，每个通道 {values}，TEST 的结果取决于最后碰巧是哪些图像。",
    ],
    [
      "f is the share of the old averages that stays, so they go over about 1/(1 − f) = {n} forwards, of {values} a channel on each of {n2} ranks, and TEST goes by whatever the last images were.",
      "f 是旧平均所保留的比例，所以滑动平均大约覆盖 1/(1 − f) = {n} 次前向计算，在 {n2} 个 rank 上各为每个通道 {values}，TEST 的结果取决于最后碰巧是哪些图像。",
    ],
    [
      "Other programs name the share of the new value: their {n} is {n2} in Caffe.",
      "其他程序写的是新值的比例：它们的 {n} 在 Caffe 中是 {n2}。",
    ],
  ],
};
