import type { LayerParameter } from "../proto/gen/caffe_pb.js";

/** Whether a layer feeds the net: it has tops and no bottoms. A Parameter does not: its top is learned. */
export function isDataLayer({ type, bottom, top }: LayerParameter): boolean {
  return bottom.length === 0 && top.length > 0 && type !== "Parameter";
}

/** Whether a layer is a loss. Forks end the names of their loss types as Caffe does. */
export function isLoss(layer: LayerParameter): boolean {
  return /Loss$/.test(layer.type) || hasLossWeight(layer);
}

/** Whether a layer's message gives one of its tops a loss weight. */
export function hasLossWeight({ lossWeight }: LayerParameter): boolean {
  return lossWeight.some((weight) => weight !== 0);
}
