import type { ChineseRule } from "./template.js";

export const bnForkFields: ChineseRule = {
  summary: "Caffe 某个分支的批量归一化：BN 层，或 NVIDIA、Intel 等的 BatchNorm 的字段",
  texts: [
    ["{layer} is of a type that Caffe does not have: {what}", "{layer} 是 Caffe 没有的类型：{what}"],
    [
      "{layer} has {fields} in batch_norm_param, which {fork} reads and Caffe refuses",
      "{layer} 的 batch_norm_param 中有 {fields}，{fork} 会读取它，而 Caffe 会拒绝",
    ],
  ],
};
