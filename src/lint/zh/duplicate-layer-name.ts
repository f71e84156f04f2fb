import type { ChineseTexts } from "./texts.js";

export const duplicateLayerName: ChineseTexts = {
  summary: "两个带参数的层同名，只有第一个会得到权重",
  about:
    "权重按层的名称查找，Caffe 和 Moka 都把它们交给第一个同名的层：另一个保持 filler 的初始值，加载快照后也是如此。要共享参数，请写 param { name }。",
  messages: [["{layer} has the name of {other} before it", "{layer} 与前面的 {other} 同名"]],
};
