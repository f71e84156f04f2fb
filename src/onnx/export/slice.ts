import { SliceLayer } from "../../layers/common/slice.js";
import { mapping } from "./mapping.js";

/**
 * Slice → `Split`; of a single top nothing is written. Along a batch of any size → a `Slice` for each top, where only the last depends on the
 * batch. Exact.
 */
export const slice = mapping(SliceLayer, (w) => {
  const { shape } = w.input(0);
  const axis = shape.findIndex((size, i) => size !== w.port(0).shape[i]);
  if (axis < 0) return w.set(0, w.x);
  const sizes = w.top.map(({ dims }) => dims[axis] ?? 0);
  if (sizes.every((size) => typeof size === "number")) {
    for (const [i, part] of w.split(w.x, axis, sizes.map(Number)).entries()) w.set(i, part);
    return;
  }
  let from = 0;
  for (const [i, size] of w.fixed(sizes.slice(0, -1), "where it is cut").entries()) {
    w.set(i, w.slice(w.x, [{ axis, from, to: from + size }]));
    from += size;
  }
  w.set(sizes.length - 1, w.slice(w.x, [{ axis, from }]));
});
