import type { ChineseRule } from "./template.js";

export const forkLayers: ChineseRule = {
  summary: "Caffe 分支的层类型：Moka 可以运行，BVLC 的 Caffe 不行",
  texts: [
    [
      "{layer} is of a type that BVLC's Caffe does not have; it is a type of the fork {fork}, and {more}",
      "{layer} 的类型是 BVLC 的 Caffe 没有的；它属于分支 {fork}，另有 {more}",
    ],
    [
      "{layer} is of a type that BVLC's Caffe does not have; it is a type of the fork {fork}",
      "{layer} 的类型是 BVLC 的 Caffe 没有的；它属于分支 {fork}",
    ],
    [
      "{layer} is of a type that BVLC's Caffe does not have; it is {fork}",
      "{layer} 的类型是 BVLC 的 Caffe 没有的；它是 {fork} 的",
    ],
  ],
};
