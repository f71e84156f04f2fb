import type { ChineseTexts } from "./texts.js";

export const bnAfterActivation: ChineseTexts = {
  summary: "BatchNorm 位于 Sigmoid 或 TanH 之后，或者与激活之间只隔着池化、Dropout 之类的层",
  about:
    "批量归一化应当使进入激活的值处在其有梯度的范围内。放在激活之后，值已经被截断或压平，统计量也无法折叠进前面的卷积。论文是在卷积和激活之间归一化。",
  messages: [
    ["{layer} comes behind {other}, through {through}", "{layer} 位于 {other} 之后，中间是 {through}"],
    ["{layer} comes behind {other}", "{layer} 位于 {other} 之后"],
  ],
};
