import type { ChineseTexts } from "./texts.js";

export const unusedTop: ChineseTexts = {
  summary: "训练中的 top，或 BatchNorm、Scale 的 top，没有层读取，也不像是输出",
  about: "Caffe 把它当作网络的输出，每次显示时把它的所有值逐行写进日志。可以让一个 Silence 层读取它。",
  messages: [["{layer} makes {top}, which no layer reads", "{layer} 产生 {top}，而没有层读取它"]],
};
