import { readerTexts } from "./reader.js";
import type { ChineseRule } from "./template.js";

export const gluedNumber: ChineseRule = {
  summary: "数与其后的名字之间没有空格：`num_output: 64pad: 1`",
  texts: [
    [
      "Caffe's reader gives up here and loads nothing: it takes no name right behind a number. Moka reads {text} and then the field {text2}.",
      "Caffe 的解析器到这里就放弃，什么也不加载：它不接受紧跟在数后面的名字。Moka 先读 {text}，再读字段 {text2}。",
    ],
    [
      "Caffe's reader gives up here and loads nothing. Moka reads the number and leaves the rest out, which may not be what was meant.",
      "Caffe 的解析器到这里就放弃，什么也不加载。Moka 读取这个数并略去其余部分，这可能不是原来的意思。",
    ],
    [
      "Caffe's reader gives up here and loads nothing. Moka reads {text} and leaves the rest out, which may not be what was meant.",
      "Caffe 的解析器到这里就放弃，什么也不加载。Moka 读取 {text} 并略去其余部分，这可能不是原来的意思。",
    ],
    ...readerTexts,
  ],
};
