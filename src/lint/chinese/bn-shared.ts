import type { ChineseRule } from "./template.js";

export const bnShared: ChineseRule = {
  summary: "通过 `param { name }` 共享滑动平均的 BatchNorm（全部或部分），或者只共享其后的 Scale",
  texts: [
    ["{layer} shares its {what} with {other}, but not its {rest}", "{layer} 与 {other} 共享 {what}，但不共享 {rest}"],
  ],
};
