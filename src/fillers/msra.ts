import type { Fill } from "../core/catalog.js";
import { fanOf } from "./fan.js";
import { pieces } from "./pieces.js";

/**
 * x ~ N(0, σ²) with σ = √(2 / n): the variance of activations is the same before and after a layer with a ReLU.
 *
 * - `variance_norm` (FAN_IN): the choice of n, see `fanOf`
 *
 * K. He, X. Zhang, S. Ren, J. Sun, "Delving Deep into Rectifiers", ICCV 2015.
 */
export const msra: Fill = (filler, shape) => {
  const std = Math.sqrt(Math.fround(2 / fanOf(filler, shape)));
  return (values, random) => pieces(values, (piece) => random.gaussian(piece, 0, std));
};
