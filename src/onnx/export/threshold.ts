import { ThresholdLayer } from "../../layers/activation/threshold.js";
import { mapping } from "./mapping.js";

/** Threshold → `Greater` and `Cast`. Exact. */
export const threshold = mapping(ThresholdLayer, (w) => {
  w.set(0, w.cast(w.node("Greater", [w.x, w.scalar(w.call("threshold").threshold)]), "float"));
});
