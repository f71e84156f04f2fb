import type { ChineseTexts } from "./texts.js";

export const unknownBottom: ChineseTexts = {
  summary: "前面没有任何层产生的 bottom",
  about:
    "建立网络时 Caffe 以 “Unknown bottom blob” 中止，Moka 也一样。层按书写的顺序运行，产生 blob 的层必须在读取它的层之前。",
  messages: [
    ["{layer} reads {bottom}, which no layer before it makes{rest}", "{layer} 读取 {bottom}，而前面没有层产生它{rest}"],
    ["{layer} reads {bottom}, which no layer before it makes", "{layer} 读取 {bottom}，而前面没有层产生它"],
  ],
};
