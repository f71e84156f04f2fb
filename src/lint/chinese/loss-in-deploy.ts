import type { ChineseRule } from "./template.js";

export const lossInDeploy: ChineseRule = {
  summary: "由输入供给数据的网络中有损失层或 Accuracy，而没有谁提供标签",
  texts: [
    [
      "{layer} reads {names}, which nothing feeds: the inputs of this net are {inputs}",
      "{layer} 读取 {names}，而没有谁提供它：这个网络的输入是 {inputs}",
    ],
    [
      'A net to be deployed has no labels, and so no losses: Caffe aborts with "{error}", and Moka does too.',
      '用于部署的网络没有标签，也就没有损失：Caffe 会报错中止（"{error}"），Moka 也一样。',
    ],
    ['What is wanted of "{name}" there is its Softmax.', '部署时需要的是 "{name}" 的 Softmax。'],
    [
      'What is wanted there is "{name}" itself, so the layer can go.',
      '部署时需要的是 "{name}" 本身，所以这个层可以去掉。',
    ],
  ],
};
