import type { ChineseRule } from "./template.js";

export const reluBeforeBn: ChineseRule = {
  summary: "ReLU（或 PReLU、ELU）紧挨在 BatchNorm 之前，而论文把它放在紧接其后",
  texts: [["{layer} normalizes what {other} has rectified", "{layer} 归一化的是 {other} 整流之后的值"]],
};
