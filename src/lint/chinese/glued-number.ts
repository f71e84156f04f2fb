import type { ChineseRule } from "./template.js";

export const gluedNumber: ChineseRule = {
  summary: "数字和后面的名称之间没有空格：`num_output: 64pad: 1`",
  texts: [["no space between the number {number} and {name}", "数字 {number} 和 {name} 之间没有空格"]],
};
