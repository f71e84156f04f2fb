import type { ChineseRule } from "./template.js";

export const bnNegativeVariance: ChineseRule = {
  summary: "权重中 BatchNorm 的方差小于 0，或者不是数",
  texts: [
    ["{layer} has a mean or variance that is no number in {what}", "{layer} 的均值或方差在 {what} 中不是数"],
    [
      "{layer} has a variance below 0 in {what}: V/s is {value} in channel {channel}",
      "{layer} 的方差在 {what} 中小于 0：通道 {channel} 的 V/s 为 {value}",
    ],
  ],
};
