import { ScaleLayer } from "../../layers/activation/scale.js";
import { mapping } from "./mapping.js";
import { along } from "./operand.js";

/** Scale → `Mul`, and `Add` with a bias. The factors are a constant, or the second bottom. Exact. */
export const scale = mapping(ScaleLayer, (w) => {
  const { axis } = w.layer;
  const hasBias = w.call("scale").bias !== undefined;
  const scaled = w.node("Mul", [w.x, along(w, w.bottom[1] ?? 0, axis)]);
  w.set(0, hasBias ? w.node("Add", [scaled, along(w, w.layer.params.length - 1, axis)]) : scaled);
});
