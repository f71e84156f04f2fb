import type { ChineseRule } from "./template.js";

export const scaleFiller: ChineseRule = {
  summary: "BatchNorm 之后的 Scale 的 γ 从 0 或 0 附近的随机值开始，而不是 1",
  texts: [],
};
