import type { ChineseTexts } from "./texts.js";

export const bnTwice: ChineseTexts = {
  summary: "BatchNorm 紧跟在另一个 BatchNorm 或 Scale 之后，其中一个不起作用",
  about:
    "第一个之后每个通道的均值已是 0、方差已是 1，第二个几乎不改变什么；BatchNorm 之前的 γ 和 β 也会被减掉、除掉。一个 BatchNorm 加上其后的一个 Scale 就够了。",
  messages: [
    [
      "{layer} normalizes what BatchNorm {norm} has just normalized: it does nothing",
      "{layer} 归一化的是 BatchNorm {norm} 刚归一化过的值：它不起作用",
    ],
    [
      "{layer} stands before BatchNorm {norm}, which takes away what it learns: it does nothing",
      "{layer} 位于 BatchNorm {norm} 之前，它学到的东西会被减掉：它不起作用",
    ],
  ],
};
