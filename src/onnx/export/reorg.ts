import { DepthToSpaceLayer } from "../../layers/common/depth-to-space.js";
import { ShuffleChannelLayer } from "../../layers/common/shuffle-channel.js";
import { ReorgLayer } from "../../layers/detection/reorg.js";
import { Yolov2DarknetReorgLayer } from "../../layers/detection/yolov2-darknet-reorg.js";
import type { Dim } from "../model.js";
import { mapping } from "./mapping.js";

const classes = [ReorgLayer, Yolov2DarknetReorgLayer, ShuffleChannelLayer, DepthToSpaceLayer];

/** Reorg, Python's yolov2.darknet_reorg, ShuffleChannel, DepthToSpace → `Reshape`, `Transpose`, `Reshape`. Values are only moved: exact. */
export const reorg = mapping(classes, (w) => {
  const { dims } = w.input(0);
  const { shape, order } = w.call("permute");
  w.fixed(dims.slice(1), "its blocks");
  const parts: readonly Dim[] = [dims[0] ?? 1, ...shape.slice(1)];
  const moved = w.transpose(w.reshaped(w.x, dims, parts), order);
  w.setReshaped(
    0,
    moved,
    order.map((axis) => parts[axis] ?? 1),
  );
});
