import { forkNames } from "./forks.js";
import type { ChineseRule } from "./template.js";

export const forkLayers: ChineseRule = {
  summary: "Caffe 某个分支的层类型：Moka 能运行，BVLC 的 Caffe 不能",
  texts: [
    [
      "{layer} is of a type that BVLC's Caffe does not have; it is {fork}",
      "{layer} 的类型是 BVLC 的 Caffe 没有的；它来自 {fork}",
    ],
    [", and {n} more layer of this type", "，另有 {n} 个层也是这个类型"],
    [", and {n} more layers of this type", "，另有 {n} 个层也是这个类型"],
    [
      'Moka runs it. BVLC\'s Caffe aborts with "Unknown layer type: {type}": it takes a Caffe built from that fork.',
      'Moka 能运行它。BVLC 的 Caffe 会报错中止："Unknown layer type: {type}"；需要用该分支编译的 Caffe。',
    ],
    [
      "A Convolution with the same group and blobs computes the same.",
      "group 和 blob 相同的 Convolution 计算结果相同。",
    ],
    ...forkNames,
  ],
};
