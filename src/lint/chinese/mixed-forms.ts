import type { ChineseRule } from "./template.js";

export const mixedForms: ChineseRule = {
  summary: '层一部分是现在的格式，一部分是 2014 年的格式：`layers { type: "Softmax" }`',
  texts: [
    ["{n} of {m} with something of the form of {year}: {what}", "{m} 层中有 {n} 带有 {year} 年格式的内容：{what}"],
  ],
};
