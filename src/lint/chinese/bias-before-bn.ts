import type { ChineseRule } from "./template.js";

export const biasBeforeBn: ChineseRule = {
  summary: "BatchNorm 之前的层带有偏置，而均值会把它减掉",
  texts: [
    [
      "{layer} adds a bias that BatchNorm {norm} takes away again",
      "{layer} 加了一个偏置，BatchNorm {norm} 又会把它减掉",
    ],
  ],
};
