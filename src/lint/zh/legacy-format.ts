import type { ChineseTexts } from "./texts.js";

export const legacyFormat: ChineseTexts = {
  summary: "2015 年或更早格式的层或输入：`layers { type: RELU }`、`input_dim`",
  about: "Caffe 和 Moka 每次读取时都会转换成现在的格式；许多其他工具不认识旧格式，新的层类型和字段也不能与它混用。",
  messages: [
    ["{n} in the form of Caffe before March 2016: {what}", "{n}，为 2016 年 3 月之前的 Caffe 格式：{what}"],
    ["{n} in the form of Caffe of {year}{rest}", "{n}，为 {year} 年的 Caffe 格式{rest}"],
    ["{n} in the form of Caffe before {when}: {what}", "{n}，为 {when} 之前的 Caffe 格式：{what}"],
  ],
};
