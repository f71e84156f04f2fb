import { PermuteLayer } from "../../layers/common/permute.js";
import { TransposeLayer } from "../../layers/common/transpose.js";
import { mapping } from "./mapping.js";

/** Permute, Transpose → `Transpose`; nothing where the order stays. Exact. */
export const permute = mapping([PermuteLayer, TransposeLayer], (w) => {
  const [call] = w.calls("permute");
  w.set(0, call ? w.transpose(w.x, call.order) : w.x);
});
