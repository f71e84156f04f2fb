import type { ChineseTexts } from "./texts.js";

export const crLineEnds: ChineseTexts = {
  summary: "行以单独的回车符（CR）结尾，注释会把后面的内容也注释掉",
  about: "对 Caffe 来说，单独的回车符不结束一行：`#` 之后直到真正的换行都是注释，里面的层和字段不会被读取。",
  messages: [],
};
