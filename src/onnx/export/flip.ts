import { FlipLayer } from "../../layers/common/flip.js";
import { mapping } from "./mapping.js";
import { reversed } from "./reverse.js";

/** Flip → `Slice` with steps of −1. Exact. */
export const flip = mapping(FlipLayer, (w) => {
  const axes = w.layer.axes.filter((axis) => axis < w.input(0).shape.length);
  w.set(0, reversed(w, w.x, axes));
});
