import { ReorgLayer } from "../../layers/detection/reorg.js";
import { Yolov2DarknetReorgLayer } from "../../layers/detection/yolov2-darknet-reorg.js";
import type { Dim } from "../model.js";
import { mapping } from "./mapping.js";

/** Reorg, and Python's yolov2.darknet_reorg → `Reshape`, `Transpose`, `Reshape`. Exact. */
export const reorg = mapping([ReorgLayer, Yolov2DarknetReorgLayer], (w) => {
  const { dims } = w.input(0);
  const { shape, order } = w.call("permute");
  const parts: readonly Dim[] = [dims[0] ?? 1, ...shape.slice(1)];
  const moved = w.transpose(w.reshaped(w.x, dims, parts), order);
  w.setReshaped(
    0,
    moved,
    order.map((axis) => parts[axis] ?? 1),
  );
});
