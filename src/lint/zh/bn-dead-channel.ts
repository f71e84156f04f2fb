import type { ChineseTexts } from "./texts.js";

export const bnDeadChannel: ChineseTexts = {
  summary: "权重中 BatchNorm 的某些通道几乎不变化，或者在其后被缩放为零",
  about: "这样的通道输出一个常数：它不携带信息，却仍占用计算。常见原因是滤波器已死，或者权重衰减把 γ 拉到了 0。",
  messages: [],
};
