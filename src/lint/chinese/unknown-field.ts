import type { ChineseRule } from "./template.js";

export const unknownField: ChineseRule = {
  summary: "Caffe 的 caffe.proto 没有的字段，所以它的读取器会拒绝该文件",
  texts: [
    [
      "{message} has no field {field} in BVLC's Caffe; it is read as a fork's",
      "在 BVLC 的 Caffe 中 {message} 没有字段 {field}；按分支的字段读取",
    ],
    [
      "{field} has no value {value} in BVLC's Caffe; it is read as a fork's",
      "在 BVLC 的 Caffe 中 {field} 没有值 {value}；按分支的值读取",
    ],
    ["{message} has no field {field}; did you mean {name}?", "{message} 没有字段 {field}；是否想写 {name}？"],
    ["{message} has no field {field}; it is a field of {owner}", "{message} 没有字段 {field}；它是 {owner} 的字段"],
    ["{message} has no field {field}; it stands in {more}", "{message} 没有字段 {field}；它还出现在 {more}"],
    ["{message} has no field {field}", "{message} 没有字段 {field}"],
  ],
};
