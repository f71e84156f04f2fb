import type { ChineseTexts } from "./texts.js";

export const scaleFrozen: ChineseTexts = {
  summary: "在学习的网络中，BatchNorm 之后的 Scale 不学习：把 BatchNorm 的 `lr_mult: 0` 复制给了它",
  about: "γ 和 β 保持初始值，每个通道的均值始终为 0、方差始终为 1。lr_mult: 0 属于 BatchNorm 的统计量，不属于 Scale。",
  messages: [],
};
