import type { ChineseRule } from "./template.js";

export const caffeRefuses: ChineseRule = {
  summary: "文本中有 Caffe 的读取器（或其旧网络升级）不接受的内容",
  texts: [
    ["the net has no layers", "网络没有任何层"],
    [
      "{field} has no value {value} in BVLC's Caffe; it is read as a fork's",
      "在 BVLC 的 Caffe 中 {field} 没有值 {value}；按分支的值读取",
    ],
    ["expected {a} after {b}, got {c}", "{b} 之后应为 {a}，实际是 {c}"],
    ["{field}: {a} is spelled {b}", "{field}：{a} 应写作 {b}"],
    ["{field}: {value} is none of {names}", "{field}：{value} 不是 {names} 之一"],
    ["{field}: {value} should not be in quotes", "{field}：{value} 不应加引号"],
  ],
};
