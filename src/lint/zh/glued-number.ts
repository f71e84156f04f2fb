import type { ChineseTexts } from "./texts.js";

export const gluedNumber: ChineseTexts = {
  summary: "数字和后面的名称之间没有空格：`num_output: 64pad: 1`",
  about: "Caffe 的读取器在这里放弃，不加载任何内容：数字后面不能直接跟名称。Moka 先读数字，再读字段。",
  messages: [["no space between the number {number} and {name}", "数字 {number} 和 {name} 之间没有空格"]],
};
