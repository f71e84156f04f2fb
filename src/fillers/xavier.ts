import type { Fill } from "../core/catalog.js";
import { fanOf } from "./fan.js";
import { pieces } from "./pieces.js";

/**
 * x ~ U[-a, a] with a = √(3 / n), which has the variance 1 / n.
 *
 * - `variance_norm` (FAN_IN): the choice of n, see `fanOf`
 *
 * X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010;
 * they propose AVERAGE, which is not Caffe's default.
 */
export const xavier: Fill = (filler, shape) => {
  const bound = Math.sqrt(Math.fround(3 / fanOf(filler, shape)));
  return (values, random) => pieces(values, (piece) => random.uniform(piece, -bound, bound));
};
