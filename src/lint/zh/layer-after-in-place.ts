import type { ChineseTexts } from "./texts.js";

export const layerAfterInPlace: ChineseTexts = {
  summary: "就地运行的层覆盖了它自己或其他层还需要的值",
  about:
    "Caffe 的反向计算会再次读取这些值，而它们已被覆盖：梯度是错的，而且没有任何提示。给这一层一个自己的 top 即可。",
  messages: [],
};
