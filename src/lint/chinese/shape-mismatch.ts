import type { ChineseRule } from "./template.js";

export const shapeMismatch: ChineseRule = {
  summary: "某层不接受它的 bottom、参数、数据，或给定的权重",
  texts: [],
};
