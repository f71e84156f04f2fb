import type { ChineseRule } from "./template.js";

export const lrMultCount: ChineseRule = {
  summary: "param 比层的参数还多",
  texts: [
    ["{layer} has {specs} for {parameters}", "{layer} 有 {parameters}，却写了 {specs}"],
    [
      'Caffe aborts with "{error}", and Moka does not load the net either.',
      'Caffe 会报错中止："{error}"，Moka 也不加载这个网络。',
    ],
    [
      "A layer of type {type} learns nothing, so it takes no param.",
      "{type} 类型的层不学习任何东西，所以不接受 param。",
    ],
    [
      "Without bias_term: true it has weights only: the second spec is for a bias that is not there.",
      "没有 bias_term: true 时它只有权重：第二个 param 对应的偏置并不存在。",
    ],
  ],
};
