import type { ChineseTexts } from "./texts.js";

export const reluBeforeBn: ChineseTexts = {
  summary: "ReLU（或 PReLU、ELU）紧挨在 BatchNorm 之前，而论文把它放在紧接其后",
  about:
    "均值和方差取自许多为 0 的值，它们既反映有多少个 0，也反映其他值有多大。论文归一化的是进入 ReLU 的值，公开的权重大多也是这个顺序。两种顺序都能训练，但权重和折叠需要训练时的那一种。",
  messages: [["{layer} normalizes what {other} has rectified", "{layer} 归一化的是 {other} 整流之后的值"]],
};
