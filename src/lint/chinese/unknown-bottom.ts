import type { ChineseRule } from "./template.js";

export const unknownBottom: ChineseRule = {
  summary: "前面没有任何层产生的 bottom",
  texts: [
    ["{layer} reads {bottom}, which no layer before it makes{rest}", "{layer} 读取 {bottom}，而前面没有层产生它{rest}"],
    ["{layer} reads {bottom}, which no layer before it makes", "{layer} 读取 {bottom}，而前面没有层产生它"],
  ],
};
