import type { ChineseTexts } from "./texts.js";

export const zeroWeightFiller: ChineseTexts = {
  summary: "学习权重的层没有写 weight_filler：权重从 0 开始",
  about: "默认是 constant 0，所以这个网络只能从带有这些层的 caffemodel 继续训练：从头训练时梯度无法穿过为 0 的权重。",
  messages: [
    [
      "{layer} and {more}, of {n} that learn weights, have no weight_filler",
      "{layer} 和另外 {more}（共 {n} 个学习权重的层）没有写 weight_filler",
    ],
    ["{layer} has no weight_filler", "{layer} 没有写 weight_filler"],
  ],
};
