import type { ChineseRule } from "./template.js";

export const bnShared: ChineseRule = {
  summary: "多个 BatchNorm 用 `param { name }` 共享全部或部分滑动平均，或者只共享其后的 Scale",
  texts: [
    ["{layer} shares its mean, variance and factor with {names}", "{layer} 与 {names} 共享均值、方差和 factor"],
    [
      "In TRAIN each of the {n} normalizes by its own batch, and each forward moves the same averages, {n2} times an iteration. In TEST all of them go by these, which are of what all of them saw: right for branches with the same kind of input, else none of them is normalized as it was in training.",
      "在 TRAIN 中，这 {n} 个层各按自己的批次归一化，而每次前向计算更新的是同一份滑动平均，一次迭代更新 {n2} 次。在 TEST 中它们都使用这份滑动平均，它综合了所有这些层的输入：对输入性质相同的分支是对的，否则没有一个层的归一化与训练时一致。",
    ],
    ['{layer} shares its {blob} with the {blob2} of "{name}"', '{layer} 的 {blob} 与 "{name}" 的 {blob2} 共享'],
    [
      "One blob cannot be both: each forward of either layer adds something else to it, and TEST normalizes by the mixture.",
      "一个 blob 不能同时是两者：两个层的每次前向计算加进去的是不同的东西，TEST 则按混在一起的结果归一化。",
    ],
    ["mean", "均值"],
    ["variance", "方差"],
    [
      '{layer} shares its {blobs} with "{name}", but not its {blobs2}',
      '{layer} 与 "{name}" 共享{blobs}，却不共享{blobs2}',
    ],
    [
      "The three belong together: each forward makes s ← f·s + 1, M ← f·M + mean and V ← f·V + variance, and TEST goes by M/s and V/s. What is shared moves twice an iteration, the rest once, so {what}. And mean and variance are of different inputs, unless both are shared.",
      "三者是一体的：每次前向计算执行 s ← f·s + 1、M ← f·M + 均值、V ← f·V + 方差，TEST 使用 M/s 和 V/s。共享的部分每次迭代更新两次，其余的更新一次，所以{what}。而且除非均值和方差都共享，否则两者来自不同的输入。",
    ],
    [
      "the {blobs} used in TEST are 1/(1 + f^n) of what they should be after n iterations: half at first, {n} after 1000",
      "n 次迭代之后，TEST 中使用的{blobs}是应有值的 1/(1 + f^n)：一开始只有一半，1000 次迭代后为 {n}",
    ],
    [
      "the {blobs} used in TEST are 1 + f^n times what they should be after n iterations: twice at first, {n} times after 1000",
      "n 次迭代之后，TEST 中使用的{blobs}是应有值的 1 + f^n 倍：一开始是两倍，1000 次迭代后为 {n} 倍",
    ],
    [
      '{layer} shares its parameters with "{name}", but the BatchNorm before it shares none',
      '{layer} 与 "{name}" 共享参数，而其前的 BatchNorm 却什么都不共享',
    ],
    [
      '"{name}" and "{name2}" each gather averages of their own. If the branches are meant to be one net, they are so in TRAIN, but in TEST each normalizes by what it saw itself; a net that keeps only one branch has its averages.',
      '"{name}" 和 "{name2}" 各自收集自己的滑动平均。如果这些分支本应是同一个网络，那么在 TRAIN 中确实如此，但在 TEST 中各自按自己见过的输入归一化；只保留一个分支的网络，用的就是那个分支的滑动平均。',
    ],
  ],
};
