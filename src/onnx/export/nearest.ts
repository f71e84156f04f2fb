import { UpsampleNearestLayer } from "../../layers/segmentation/upsample.js";
import { UpsampleDarknetLayer } from "../../layers/segmentation/upsample-darknet.js";
import { mapping } from "./mapping.js";
import { resize } from "./resize.js";

/** Upsample of one bottom (YOLO), UpsampleDarknet → `Resize` of mode `nearest` by a whole number. Values are only copied: exact. */
export const nearest = mapping([UpsampleNearestLayer, UpsampleDarknetLayer], (w) => {
  const { scale } = w.call("upsample");
  const { shape } = w.input(0);
  if (Math.max(...scale) === 1) return w.set(0, w.x);
  w.set(0, resize(w, w.x, [shape, w.port(0).shape], "nearest", "asymmetric"));
});
