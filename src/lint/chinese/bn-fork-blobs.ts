import type { ChineseRule } from "./template.js";

export const bnForkBlobs: ChineseRule = {
  summary: "权重中 BatchNorm 的 blob 不是 Caffe 的三个，而是某个分支的",
  texts: [],
};
