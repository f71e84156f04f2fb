import { forkNames } from "./forks.js";
import { readerTexts } from "./reader.js";
import type { ChineseRule } from "./template.js";

export const unknownField: ChineseRule = {
  summary: "Caffe 的 caffe.proto 中没有的字段，其解析器因此拒绝整个文件",
  texts: [
    ["; it stands in {n} more place", "；另有 {n} 处"],
    ["; it stands in {n} more places", "；另有 {n} 处"],
    [
      "Caffe's reader gives up at a field it does not know, and loads nothing of the file.",
      "Caffe 的解析器遇到不认识的字段就会放弃，整个文件都不会加载。",
    ],
    [
      "Layers of type {type} are {fork}: its caffe.proto may have it.",
      "{type} 类型的层来自 {fork}：那里的 caffe.proto 可能有这个字段。",
    ],
    [
      "Moka keeps the field where it stands, but nothing it says is done.",
      "Moka 保留这个字段，但不会执行它所说的内容。",
    ],
    [
      "The reader of BVLC's Caffe gives up at a field it does not know, and loads nothing of the file. The forks of Caffe that have this field read it, and so does Moka.",
      "BVLC 的 Caffe 的解析器遇到不认识的字段就会放弃，整个文件都不会加载。有这个字段的 Caffe 分支会读取它，Moka 也一样。",
    ],
    ...readerTexts,
    ...forkNames,
  ],
};
