import type { ChineseRule } from "./template.js";

export const duplicateLayerName: ChineseRule = {
  summary: "两个有参数的层同名，只有第一个能得到权重",
  texts: [
    ["{layer} has the name of {layer2} before it", "{layer} 与它之前的 {layer2} 同名"],
    [
      "Weights are found by the name of their layer, and Caffe and Moka give them to the first of that name: {parameters} of this one stays as the fillers made it, also after a snapshot is loaded. To share parameters give them a name: param { name }.",
      "权重按层的名字查找，Caffe 和 Moka 把它们给同名的第一个层：这个层的 {parameters}停留在 filler 填充的值上，加载快照之后也是如此。要共享参数，请给参数起名：param { name }。",
    ],
    [
      "Weights are found by the name of their layer, and Caffe and Moka give them to the first of that name: {parameters} of this one stay as the fillers made them, also after a snapshot is loaded. To share parameters give them a name: param { name }.",
      "权重按层的名字查找，Caffe 和 Moka 把它们给同名的第一个层：这个层的 {parameters}停留在 filler 填充的值上，加载快照之后也是如此。要共享参数，请给参数起名：param { name }。",
    ],
  ],
};
