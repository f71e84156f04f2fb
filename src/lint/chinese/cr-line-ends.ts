import type { ChineseRule } from "./template.js";

export const crLineEnds: ChineseRule = {
  summary: "行以单独的回车符（CR）结尾，注释会把后面的内容也注释掉",
  texts: [],
};
