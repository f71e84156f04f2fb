import type { Fill } from "../core/catalog.js";
import { fanOf } from "./fan.js";

/**
 * x ~ U[-a, a] with a = √(3 / n), which has the variance 1 / n.
 *
 * - `variance_norm` (FAN_IN): what n is, see `fanOf`
 *
 * X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010;
 * what they propose is AVERAGE, Caffe's default is not.
 */
export const xavier: Fill = (filler, shape, values, random) => {
  const bound = Math.sqrt(Math.fround(3 / fanOf(filler, shape)));
  random.uniform(values, -bound, bound);
};
