import type { Fill } from "../core/catalog.js";
import { formatShape } from "../util/shape.js";
import { checkFiller } from "./check.js";

/**
 * The weights of a bilinear interpolation, the same k×k in each plane of a blob of shape outputs × inputs × k × k:
 *
 *     x[…, i, j] = (1 - |i/f - c|) · (1 - |j/f - c|)    f = ⌈k/2⌉, c = (k - 1) / 2f
 *
 * For a Deconvolution that enlarges its bottom by an integer s: stride s, kernel_size 2s - s mod 2,
 * pad ⌈(s - 1) / 2⌉, group and num_output the number of channels, no bias, lr_mult 0. No parameters, no random draws.
 */
export const bilinear: Fill = (filler, shape) => {
  const [, , height, size] = shape;
  checkFiller(
    filler,
    shape.length === 4 && size !== undefined,
    "MOKA_SHAPE",
    `needs a blob of 4 axes, not ${shape.length}`,
  );
  checkFiller(filler, height === size, "MOKA_SHAPE", `needs a square kernel, not that of ${formatShape(shape)}`);
  const half = Math.ceil(size / 2);
  const center = Math.fround((size - 1) / (2 * half));
  const row = Float32Array.from({ length: size }, (_, i) => 1 - Math.abs(Math.fround(Math.fround(i / half) - center)));
  return (values) => {
    for (let i = 0; i < values.length; i++) {
      values[i] = (row[i % size] ?? 0) * (row[Math.floor(i / size) % size] ?? 0);
    }
  };
};
