import type { ChineseTexts } from "./texts.js";

export const scaleFiller: ChineseTexts = {
  summary: "BatchNorm 之后的 Scale 的 γ 从 0 或 0 附近的随机值开始，而不是 1",
  about:
    "γ 为 0 时什么也通不过，梯度也传不回去；从 0 附近的随机值开始时，通道有强有弱、符号各异。默认的 filler 从 1 开始。",
  messages: [],
};
