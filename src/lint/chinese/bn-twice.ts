import type { ChineseRule } from "./template.js";

export const bnTwice: ChineseRule = {
  summary: "BatchNorm 紧跟在另一个 BatchNorm 或 Scale 之后，其中一个不起作用",
  texts: [
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
