import { NormalizeLayer } from "../../layers/normalization/normalize.js";
import { NormalizeHappynearLayer } from "../../layers/normalization/normalize-happynear.js";
import { mapping } from "./mapping.js";

/**
 * Normalize of SSD and of happynear → `ReduceSumSquare` (or `ReduceL1`) of each place or image, `Add` of eps, `Sqrt`, `Div`, and `Mul` by the
 * learned factors of SSD's. The norm is happynear's second top. Exact; the sums are in another order.
 */
export const normalize = mapping([NormalizeLayer, NormalizeHappynearLayer], (w) => {
  const { dims } = w.input(0);
  const { isAcross, isL1, eps } = w.layer.norm;
  const axes = isAcross ? [...dims.keys()].slice(1) : [1];
  const sum = w.affine(w.reduce(isL1 ? "ReduceL1" : "ReduceSumSquare", w.x, axes), 1, eps);
  const norm = isL1 ? sum : w.node("Sqrt", [sum]);
  const unit = w.node("Div", [w.x, norm]);
  const [factors] = w.layer.params;
  const byChannel = dims.slice(1).map((_, i) => (i === 0 ? (factors?.shape[0] ?? 1) : 1));
  w.set(0, factors ? w.node("Mul", [unit, w.param(0, factors.shape.length === 0 ? [] : byChannel)]) : unit);
  if (w.top.length > 1) w.set(1, norm);
});
