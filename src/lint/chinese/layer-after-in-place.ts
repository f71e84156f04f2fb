import type { ChineseRule } from "./template.js";

export const layerAfterInPlace: ChineseRule = {
  summary: "就地运行的层覆盖了它自己或其他层还需要的值",
  texts: [],
};
