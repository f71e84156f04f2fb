import type { ChineseRule } from "./template.js";

export const phaseOverlap: ChineseRule = {
  summary: "两个层在同一个状态中，都产生同一个 top",
  texts: [
    ["{layer} and {other} are in one state, and both make {top}", "{layer} 和 {other} 在同一个状态中，都产生 {top}"],
  ],
};
