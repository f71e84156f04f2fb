import type { ChineseTexts } from "./texts.js";

export const bnNeedsBackward: ChineseTexts = {
  summary: "没有三个 param 的 BatchNorm 使 Caffe 在不学习的地方也进行反向计算",
  about:
    "Caffe 决定反向计算范围时，把缺少的 param 当作 lr_mult 为 1，虽然统计量从不学习。写三个 lr_mult: 0 的 param 可以省掉这部分计算，结果不变。",
  messages: [],
};
