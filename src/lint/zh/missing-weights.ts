import type { ChineseTexts } from "./texts.js";

export const missingWeights: ChineseTexts = {
  summary: "给定的权重没有某一层，该层保持 filler 的初始值",
  about: "权重按层的名称查找。没有找到的层用初始值计算，网络的输出没有意义，而 Caffe 不会提示。",
  messages: [],
};
