import { CropLayer } from "../../layers/vision/crop.js";
import { mapping } from "./mapping.js";

/** Crop → one `Slice`; the reference gives its shape only. Nothing is written where nothing is cut. Exact. */
export const crop = mapping(CropLayer, (w) => {
  const [{ shape, dims }, top] = [w.input(0), w.port(0)];
  const offsets = w.layer.offsets(shape);
  const cuts = dims.flatMap((size, axis) => {
    const [from = 0, kept = size] = [offsets[axis], top.dims[axis]];
    if (from === 0 && kept === size) return [];
    const [length = 0] = w.fixed([kept], `the size of axis ${axis}`);
    return [{ axis, from, to: from + length }];
  });
  w.set(0, cuts.length === 0 ? w.x : w.slice(w.x, cuts));
});
