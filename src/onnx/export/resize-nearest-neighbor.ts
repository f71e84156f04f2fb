import { ResizeNearestNeighborLayer } from "../../layers/segmentation/resize-nearest-neighbor.js";
import { mapping } from "./mapping.js";
import { resize } from "./resize.js";

/**
 * ResizeNearestNeighbor → `Resize` of mode `nearest` where values become blocks; else a `Gather` of rows and one of columns, so that the
 * places are Caffe's where they are near the middle between two. Exact.
 */
export const resizeNearestNeighbor = mapping(ResizeNearestNeighborLayer, (w) => {
  const [{ shape, dims }, top] = [w.input(0), w.port(0)];
  w.fixed(dims.slice(2), "its places");
  const { rows, columns, blocks } = w.layer.places(shape, top.shape);
  if (blocks) return w.set(0, resize(w, w.x, [shape, top.shape], "nearest", "asymmetric"));
  const ofRows = w.node("Gather", [w.x, w.ints([...rows])], { axis: 2 });
  w.set(0, w.node("Gather", [ofRows, w.ints([...columns])], { axis: 3 }));
});
