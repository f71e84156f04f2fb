import type { ChineseRule } from "./template.js";

export const legacyFormat: ChineseRule = {
  summary: "层或输入采用 2015 年或更早的形式：`layers { type: RELU }`、`input_dim`",
  texts: [
    ["{layers} in the form of Caffe before April 2014 (V0)", "{layers}采用 Caffe 在 2014 年 4 月之前的形式（V0）"],
    ["{layers} in the form of Caffe of 2014 (V1)", "{layers}采用 Caffe 在 2014 年的形式（V1）"],
    [
      'Caffe and Moka turn them into today\'s form, layer { type: "Convolution" }, each time they read the file; most other tools do not. Layer types and fields that came later cannot be used beside them.',
      'Caffe 和 Moka 每次读取文件都会把它们转换成今天的形式 layer { type: "Convolution" }；其他工具大多不会。后来出现的层类型和字段不能与它们一起使用。',
    ],
    [
      "{inputs} in the form of Caffe before March 2016: {fields}",
      "{inputs}采用 Caffe 在 2016 年 3 月之前的形式：{fields}",
    ],
    [
      "Caffe and Moka make an Input layer of it each time they read the file, the first of the net; many other tools do not know this form. Without shapes Caffe drops the inputs, and the layers that read them find nothing.",
      "Caffe 和 Moka 每次读取文件都会把它变成一个 Input 层，放在网络的最前面；许多其他工具不认识这种形式。如果没有形状，Caffe 会丢掉这些输入，读取它们的层就什么也找不到。",
    ],
  ],
};
