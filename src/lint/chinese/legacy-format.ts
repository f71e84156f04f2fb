import type { ChineseRule } from "./template.js";

export const legacyFormat: ChineseRule = {
  summary: "2015 年或更早格式的层或输入：`layers { type: RELU }`、`input_dim`",
  texts: [
    ["{n} in the form of Caffe before March 2016: {what}", "{n}，为 2016 年 3 月之前的 Caffe 格式：{what}"],
    ["{n} in the form of Caffe of {year}{rest}", "{n}，为 {year} 年的 Caffe 格式{rest}"],
    ["{n} in the form of Caffe before {when}: {what}", "{n}，为 {when} 之前的 Caffe 格式：{what}"],
  ],
};
