import type { ChineseRule } from "./template.js";

export const mixedForms: ChineseRule = {
  summary: '一部分层采用今天的形式，另一部分采用 2014 年的形式：`layers { type: "Softmax" }`',
  texts: [
    [
      "{layers} of {n} with something of the form of 2014: {text}",
      "{n} 个层中有 {layers}带有 2014 年形式的写法：{text}",
    ],
    [
      'Caffe takes a net of one form: layer { type: "Softmax" } with param { lr_mult: 1 }, or layers { type: SOFTMAX } with blobs_lr: 1. Of this file it loads nothing. Moka has checked the rest as if all were in today\'s form.',
      'Caffe 只接受一种形式的网络：layer { type: "Softmax" } 配 param { lr_mult: 1 }，或者 layers { type: SOFTMAX } 配 blobs_lr: 1。这个文件它什么也不加载。Moka 检查其余部分时，把所有的层都当作今天的形式。',
    ],
  ],
};
