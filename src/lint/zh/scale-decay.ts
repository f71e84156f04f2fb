import type { ChineseTexts } from "./texts.js";

export const scaleDecay: ChineseTexts = {
  summary: "权重衰减把 BatchNorm 之后的缩放和平移拉向 0：`decay_mult` 不为 0",
  about:
    "decay_mult 不设置时为 1，所以每一步都把 γ 和 β 拉向 0。权重衰减的目的是使权重保持较小；在这里它只会使通道变弱。",
  messages: [["{layer} leaves {what} to weight decay", "{layer} 让 {what} 受权重衰减的影响"]],
};
