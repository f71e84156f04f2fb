import type { ChineseRule } from "./template.js";

export const bnTwice: ChineseRule = {
  summary: "BatchNorm 紧跟在另一个 BatchNorm 或 Scale 之后，其中有一个不起作用",
  texts: [
    [
      '{layer} normalizes what BatchNorm "{name}" has just normalized: it does nothing',
      '{layer} 又归一化了 BatchNorm "{name}" 刚刚归一化过的内容：它不起作用',
    ],
    [
      '{layer} normalizes what BatchNorm "{name}" has just normalized: {layers} and "{name2}" do nothing',
      '{layer} 又归一化了 BatchNorm "{name}" 刚刚归一化过的内容：{layers} 和 "{name2}" 不起作用',
    ],
    [
      '{layer} normalizes what BatchNorm "{name}" has just normalized: "{name2}" does nothing',
      '{layer} 又归一化了 BatchNorm "{name}" 刚刚归一化过的内容："{name2}" 不起作用',
    ],
    [
      "The second BatchNorm takes away what {layers} has learned: it subtracts every channel's mean and divides by its standard deviation, so that only the sign of γ is left. One BatchNorm with one Scale behind it computes the same.",
      "第二个 BatchNorm 抵消了 {layers} 学到的东西：它减去每个通道的均值，再除以标准差，γ 只剩下符号。一个 BatchNorm 加其后的一个 Scale 计算结果相同。",
    ],
    [
      'Every channel of "{name}" has mean 0 and variance 1 there already, so the second one changes it by no more than eps and rounding do. It costs its time in each pass, and has averages of its own. One BatchNorm is enough, with one Scale behind it.',
      '"{name}" 的每个通道在那里已经是均值 0、方差 1，所以第二个 BatchNorm 带来的变化不超过 eps 和舍入误差。它每次前向和反向计算都要花时间，还有自己的滑动平均。一个 BatchNorm 加其后的一个 Scale 就够了。',
    ],
    [
      '{layers} stands before BatchNorm "{name}", which takes away what it learns: it does nothing',
      '{layers} 位于 BatchNorm "{name}" 之前，它学到的东西又被抵消：它不起作用',
    ],
    [
      "BatchNorm subtracts every channel's mean and divides by its standard deviation, and with them the β and γ before it: only the sign of γ is left.",
      "BatchNorm 减去每个通道的均值，再除以标准差，前面的 β 和 γ 也随之消失：γ 只剩下符号。",
    ],
    ["It belongs behind the BatchNorm.", "它应当放在 BatchNorm 之后。"],
    [
      "Averages that were trained with it are those of what it makes: have weights repaired along with the text (--weights).",
      "带着它训练出的滑动平均是它的输出的滑动平均：请连同文本一起修复权重（--weights）。",
    ],
  ],
};
