import type { ChineseRule } from "./template.js";

export const duplicateTop: ChineseRule = {
  summary: "某个 top 已经由前面的层产生",
  texts: [["{layer} makes {top}, which {other} makes already", "{layer} 产生 {top}，而 {other} 已经产生了它"]],
};
