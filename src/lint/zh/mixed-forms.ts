import type { ChineseTexts } from "./texts.js";

export const mixedForms: ChineseTexts = {
  summary: '层一部分是现在的格式，一部分是 2014 年的格式：`layers { type: "Softmax" }`',
  about:
    'Caffe 只接受一种格式的网络：layer { type: "Softmax" } 配 param { lr_mult: 1 }，或者 layers { type: SOFTMAX } 配 blobs_lr: 1。混用时它什么也不加载。',
  messages: [
    ["{n} of {m} with something of the form of {year}: {what}", "{m} 层中有 {n} 带有 {year} 年格式的内容：{what}"],
  ],
};
