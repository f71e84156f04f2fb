import type { ChineseTexts } from "./texts.js";

export const phaseNamesDiffer: ChineseTexts = {
  summary: "带参数的层在 TEST 中与 TRAIN 中的名称不同，所以从未被训练",
  about: "测试网络按层的名称从训练网络得到参数。没有同名的层，它就用 filler 的值计算，无论另一个学到了什么。",
  messages: [
    [
      "{layer} has another name than in TRAIN, where {other} is in its place",
      "{layer} 与 TRAIN 中的名称不同，那里对应的是 {other}",
    ],
  ],
};
