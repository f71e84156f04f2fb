import type { ChineseRule } from "./template.js";

export const bnAfterActivation: ChineseRule = {
  summary: "BatchNorm 位于 Sigmoid 或 TanH 之后，或者与激活之间只隔着池化、Dropout 之类的层",
  texts: [
    ["{layer} comes behind {other}, through {through}", "{layer} 位于 {other} 之后，中间是 {through}"],
    ["{layer} comes behind {other}", "{layer} 位于 {other} 之后"],
  ],
};
