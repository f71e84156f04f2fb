import type { ChineseTexts } from "./texts.js";

export const phaseOverlap: ChineseTexts = {
  summary: "两个层在同一个状态中，都产生同一个 top",
  about: "建立该阶段的网络时 Caffe 会中止。给其中一个 include { phase: TRAIN }，另一个 include { phase: TEST }。",
  messages: [
    ["{layer} and {other} are in one state, and both make {top}", "{layer} 和 {other} 在同一个状态中，都产生 {top}"],
  ],
};
