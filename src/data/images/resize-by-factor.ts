import type { Image } from "../../util/images.js";
import { resize, resizeByTaps, roundToEven, tapsFor } from "./resize.js";

/**
 * Makes an image `factor` times as large, rounded to whole pixels, by bilinear interpolation, as OpenCV's `resize` with `fx` and `fy`:
 * places follow from the factor, not from the rounded sizes.
 */
export function resizeByFactor(image: Image, factor: number): Image {
  const width = Math.max(1, roundToEven(image.width * factor));
  const height = Math.max(1, roundToEven(image.height * factor));
  if (image.width === width * 2 && image.height === height * 2) return resize(image, width, height);
  const placeOf = (i: number) => Math.fround((i + 0.5) * (1 / factor) - 0.5);
  const columns = tapsFor(image.width, width, true, placeOf);
  return resizeByTaps(image, width, height, columns, tapsFor(image.height, height, false, placeOf));
}

/**
 * The factor that makes the shorter side at least `minDim` pixels, and then the longer one at most `maxDim`, as SSD computes it:
 * in single precision. 0 means no limit.
 */
export function factorFor({ width, height }: Image, minDim: number, maxDim: number): number {
  const [shorter, longer] = [Math.min(width, height), Math.max(width, height)];
  const factor = minDim > 0 && shorter < minDim ? Math.fround(minDim / shorter) : 1;
  const isTooLong = maxDim > 0 && Math.trunc(Math.fround(factor * longer)) > maxDim;
  return isTooLong ? Math.fround(maxDim / longer) : factor;
}
