import { BiasLayer } from "../../layers/activation/bias.js";
import { mapping } from "./mapping.js";
import { along } from "./operand.js";

/** Bias → `Add` of a constant or of the second bottom. Exact. */
export const bias = mapping(BiasLayer, (w) => {
  w.set(0, w.node("Add", [w.x, along(w, w.bottom[1] ?? 0, w.layer.axis)]));
});
