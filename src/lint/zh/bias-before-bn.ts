import type { ChineseTexts } from "./texts.js";

export const biasBeforeBn: ChineseTexts = {
  summary: "BatchNorm 之前的层带有偏置，而均值会把它减掉",
  about:
    "偏置把通道的均值移动了同样的量，而 BatchNorm 减去均值：它学到的东西不起作用，只占用参数和时间。起作用的是 Scale 的偏置 β。删除偏置之后，用它训练的权重需要一起修复（--weights）。",
  messages: [
    [
      "{layer} adds a bias that BatchNorm {norm} takes away again",
      "{layer} 加了一个偏置，BatchNorm {norm} 又会把它减掉",
    ],
  ],
};
