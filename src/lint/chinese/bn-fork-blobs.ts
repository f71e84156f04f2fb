import type { ChineseRule } from "./template.js";

export const bnForkBlobs: ChineseRule = {
  summary: "权重中 BatchNorm 的 blob 不是 Caffe 的三个，而是某个分支的",
  texts: [
    ["{layer} has one blob in the weights, not three", "{layer} 在权重中只有一个 blob，而不是三个"],
    ["{layer} has {n} blobs in the weights, not three", "{layer} 在权重中有 {n} 个 blob，而不是三个"],
    [": they are {fork}'s", "：它们是 {fork} 分支的"],
    [
      "Caffe's BatchNorm has mean (C), variance (C) and factor (1); here are {shapes}.",
      "Caffe 的 BatchNorm 有均值 (C)、方差 (C) 和 factor (1)；这里则是 {shapes}。",
    ],
    [
      "In {fork}'s fork of Caffe they are {blobs}, without averages.",
      "在 Caffe 的 {fork} 分支中，它们是 {blobs}，不含滑动平均。",
    ],
    [
      "In {fork}'s fork of Caffe they are {blobs}. Caffe aborts",
      "在 Caffe 的 {fork} 分支中，它们是 {blobs}。Caffe 会中止",
    ],
    [
      'Caffe aborts with "Incompatible number of blobs for layer {name}" when it copies them.',
      'Caffe 在复制它们时会报错中止："Incompatible number of blobs for layer {name}"。',
    ],
    [
      ' with "Incompatible number of blobs for layer {name}" when it copies them.',
      '，在复制它们时报告 "Incompatible number of blobs for layer {name}"。',
    ],
  ],
};
