import type { Layer } from "../../core/layer.js";
import { formatShape, type Shape } from "../../util/shape.js";

/**
 * The shape in the form of Caffe's older layers: num, channels, height and width, with 1 for missing axes.
 *
 * @throws MokaError `MOKA_SHAPE` for more than four axes
 */
export function fourAxes(layer: Layer, shape: Shape): readonly [number, number, number, number] {
  layer.check(shape.length <= 4, "MOKA_SHAPE", `takes blobs of at most four axes, not ${formatShape(shape)}`);
  const [num = 1, channels = 1, height = 1, width = 1] = shape;
  return [num, channels, height, width];
}
