import { PriorBoxLayer } from "../../layers/detection/prior-box.js";
import { mapping } from "./mapping.js";

/** PriorBox → a constant: the boxes depend on the sizes of its bottoms alone, which the exported net has fixed. Exact. */
export const priorBox = mapping(PriorBoxLayer, (w) => {
  const [{ shape: map }, { shape: image }] = [w.input(0), w.input(1)];
  w.set(0, w.floats(w.layer.boxes(map, image), w.port(0).shape, "boxes"));
});
