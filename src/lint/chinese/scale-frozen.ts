import type { ChineseRule } from "./template.js";

export const scaleFrozen: ChineseRule = {
  summary: "在学习的网络中，BatchNorm 之后的 Scale 不学习：把 BatchNorm 的 `lr_mult: 0` 复制给了它",
  texts: [],
};
