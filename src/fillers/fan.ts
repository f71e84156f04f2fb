import { type FillerParameter, FillerParameter_VarianceNorm } from "../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../util/shape.js";
import { checkFiller } from "./check.js";

/**
 * The fan that `variance_norm` chooses, in values, rounded to float32: FAN_IN (the default) is the product of all axes
 * except the first, FAN_OUT of all except the second (of all axes, if there is only one), AVERAGE the mean of
 * both.
 */
export function fanOf(filler: FillerParameter, shape: Shape): number {
  const [outputs, inputs] = shape;
  checkFiller(filler, outputs !== undefined, "MOKA_SHAPE", "needs at least one axis, a scalar has none");
  const count = countOf(shape);
  const fanIn = count / outputs;
  const fanOut = count / (inputs ?? 1);
  switch (filler.varianceNorm) {
    case FillerParameter_VarianceNorm.AVERAGE:
      return Math.fround(fanIn + fanOut) / 2;
    case FillerParameter_VarianceNorm.FAN_OUT:
      return Math.fround(fanOut);
    default:
      return Math.fround(fanIn);
  }
}
