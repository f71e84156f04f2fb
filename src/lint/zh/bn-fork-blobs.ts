import type { ChineseTexts } from "./texts.js";

export const bnForkBlobs: ChineseTexts = {
  summary: "权重中 BatchNorm 的 blob 不是 Caffe 的三个，而是某个分支的",
  about:
    "BVLC Caffe 的 BatchNorm 有三个 blob：均值、方差和缩放因子。分支的 BatchNorm 有 2、4 或 5 个，含义不同，直接加载会失败或得到错误的结果。",
  messages: [],
};
