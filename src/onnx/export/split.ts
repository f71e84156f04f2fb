import { SplitLayer } from "../../layers/common/split.js";
import { mapping } from "./mapping.js";

/** Split: nothing is written; every reader of a top reads its bottom. */
export const split = mapping(SplitLayer, (w) => {
  for (const i of w.top.keys()) w.set(i, w.x);
});
