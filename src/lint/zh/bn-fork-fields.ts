import type { ChineseTexts } from "./texts.js";

export const bnForkFields: ChineseTexts = {
  summary: "Caffe 某个分支的批量归一化：BN 层，或 NVIDIA、Intel 等的 BatchNorm 的字段",
  about:
    "BVLC 的 Caffe 不认识这些字段或类型，会拒绝该文件；Moka 按照分支的方式运行。分支的层可能内含 γ 和 β，而在 Caffe 中那是一对 BatchNorm 和 Scale。",
  messages: [
    ["{layer} is of a type that Caffe does not have: {what}", "{layer} 是 Caffe 没有的类型：{what}"],
    [
      "{layer} has {fields} in batch_norm_param, which {fork} reads and Caffe refuses",
      "{layer} 的 batch_norm_param 中有 {fields}，{fork} 会读取它，而 Caffe 会拒绝",
    ],
  ],
};
