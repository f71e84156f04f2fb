import { SpatialDropoutLayer } from "../../layers/common/spatial-dropout-layer.js";
import { mapping } from "./mapping.js";

/** ENet's SpatialDropoutLayer → `Mul` by what its `phase` of TEST multiplies by. With phase TRAIN it draws, and is refused. */
export const spatialDropoutLayer = mapping(SpatialDropoutLayer, (w) => {
  const { multiplier } = w.layer;
  if (multiplier === undefined) {
    throw w.error(
      `python_param.param_str says phase TRAIN, with which it drops channels at random; a net in use has phase TEST`,
    );
  }
  w.set(0, w.affine(w.x, multiplier, 0));
});
