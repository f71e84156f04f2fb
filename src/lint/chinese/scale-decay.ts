import type { ChineseRule } from "./template.js";

export const scaleDecay: ChineseRule = {
  summary: "权重衰减把 BatchNorm 之后的缩放和平移拉向 0：`decay_mult` 不为 0",
  texts: [["{layer} leaves {what} to weight decay", "{layer} 让 {what} 受权重衰减的影响"]],
};
