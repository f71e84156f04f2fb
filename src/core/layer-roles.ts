import type { LayerParameter } from "../proto/gen/caffe_pb.js";

/** Whether a layer feeds the net: it has tops and no bottoms. Not so a Parameter, which learns what it puts out. */
export function isDataLayer({ type, bottom, top }: LayerParameter): boolean {
  return bottom.length === 0 && top.length > 0 && type !== "Parameter";
}

/** Whether a layer's top is part of what is trained for; forks end the names of their losses as Caffe does. */
export function isLoss(layer: LayerParameter): boolean {
  return /Loss$/.test(layer.type) || hasLossWeight(layer);
}

/** Whether a top of a layer counts in the loss because its message says so. */
export function hasLossWeight({ lossWeight }: LayerParameter): boolean {
  return lossWeight.some((weight) => weight !== 0);
}
