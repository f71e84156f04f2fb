import type { ChineseRule } from "./template.js";

export const crLineEnds: ChineseRule = {
  summary: "各行只以回车符（CR）结尾，使注释遮住了其后的内容",
  texts: [
    [
      "a comment goes on behind a carriage return (CR), and hides {lines}",
      "注释在回车符（CR）之后仍然继续，遮住了 {lines}",
    ],
    [
      "A line ends with a line feed (LF), with or without a CR before it. An editor shows lines where a CR stands alone, but Caffe and Moka read them as parts of the comment: what they say is missing from the net, without a word.",
      "一行以换行符（LF）结束，其前可有可无 CR。编辑器会把单独的 CR 显示为换行，但 Caffe 和 Moka 把这些行当作注释的一部分：它们的内容不会进入网络，也没有任何提示。",
    ],
  ],
};
