import { type FillerParameter, FillerParameter_VarianceNorm } from "../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../util/shape.js";
import { checkFiller } from "./check.js";

/**
 * How many values meet in one, as `variance_norm` counts them: FAN_IN (the default) is the count of all axes but
 * the first, FAN_OUT of all but the second (of all, where there is none), AVERAGE the mean of both. Rounded
 * to float32.
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
