import { MVNLayer } from "../../layers/normalization/mvn.js";
import { mapping } from "./mapping.js";

/**
 * MVN → `ReduceMean` of each channel or image and `Sub`; with `normalize_variance` then `ReduceMean` of the squares, `Sqrt`, `Add` of eps and
 * `Div`. Exact; the sums are in another order. `MeanVarianceNormalization` has another eps.
 */
export const mvn = mapping(MVNLayer, (w) => {
  const { dims } = w.port(0);
  const { acrossChannels, normalizeVariance, eps } = w.layer.settings;
  const axes = [...dims.keys()].slice(acrossChannels ? 1 : 2);
  const x = w.reshaped(w.x, w.input(0).dims, dims);
  const centered = w.node("Sub", [x, w.reduce("ReduceMean", x, axes)]);
  if (!normalizeVariance) return w.set(0, centered);
  const variance = w.reduce("ReduceMean", w.node("Mul", [centered, centered]), axes);
  w.set(0, w.node("Div", [centered, w.affine(w.node("Sqrt", [variance]), 1, eps)]));
});
