import type { ChineseRule } from "./template.js";

export const bnDeadChannel: ChineseRule = {
  summary: "权重中 BatchNorm 的某些通道几乎不变化，或者在其后被缩放为零",
  texts: [],
};
