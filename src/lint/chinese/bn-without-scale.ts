import type { ChineseRule } from "./template.js";

export const bnWithoutScale: ChineseRule = {
  summary: "BatchNorm 之后没有 Scale：归一化之后没有再缩放和平移",
  texts: [
    ["{layer} has no Scale behind it, which only {fork} does not need", "{layer} 之后没有 Scale，只有 {fork} 不需要它"],
    ["{layer} has no Scale behind it", "{layer} 之后没有 Scale"],
  ],
};
