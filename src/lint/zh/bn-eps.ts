import type { ChineseTexts } from "./texts.js";

export const bnEps: ChineseTexts = {
  summary: "BatchNorm 的 `eps` 为 0、为负，或者与所加的方差相比不小",
  about:
    "BatchNorm 除以 √(方差 + eps)。eps 为 0 时，不变化的通道会得到 0/0 = NaN；为负时会对负数开方；太大时，弱的通道会一直弱。默认值是 1e-5，权重需要训练时所用的 eps。",
  messages: [
    ["{layer} has an eps of {eps}: it takes the root of negative numbers", "{layer} 的 eps 为 {eps}：会对负数开方"],
    [
      "{layer} has an eps of 0: a channel that does not vary is divided by 0",
      "{layer} 的 eps 为 0：不变化的通道会被 0 除",
    ],
    [
      "{layer} has an eps of {eps}, which is not small beside the variance of a channel",
      "{layer} 的 eps 为 {eps}，与通道的方差相比不小",
    ],
  ],
};
