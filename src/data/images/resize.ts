import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";

/** The two weights of a value are integers with this sum. It represents 1, with 11 bits after the binary point. */
const one = 1 << 11;

/** For each index of the result: the two indices of the source it lies between, and their weights. */
export type Taps = ReturnType<typeof tapsFor>;

/**
 * Resizes an image by bilinear interpolation, bit for bit as OpenCV's `resize` with `INTER_LINEAR` on 8 bits, which
 * Caffe uses. As there, centers of pixels are mapped to each other, and nothing is averaged when an image becomes
 * smaller, except at exactly half its size: then each value is the mean of four.
 */
export function resize(image: Image, width: number, height: number): Image {
  check(
    Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0 && width * height < 2 ** 28,
    "MOKA_USAGE",
    `an image cannot be made ${height}×${width} pixels large`,
  );
  if (width === image.width && height === image.height) return image;
  if (image.width === 2 * width && image.height === 2 * height) return halve(image);
  const columns = tapsFor(image.width, width, true);
  return resizeByTaps(image, width, height, columns, tapsFor(image.height, height, false));
}

/** Resizes an image, each value of which lies between two columns and two rows of the source. */
export function resizeByTaps(image: Image, width: number, height: number, columns: Taps, rows: Taps): Image {
  const { channels } = image;
  const data = new Uint8Array(height * width * channels);
  // Two rows of the source at their new width. Each is computed once, and used for several rows of the result.
  let above = new Int32Array(width * channels);
  let below = new Int32Array(width * channels);
  let aboveRow = -1;
  let belowRow = -1;
  for (let y = 0, to = 0; y < height; y++) {
    const [first = 0, second = 0] = [rows.first[y], rows.second[y]];
    if (first === belowRow) {
      [above, below] = [below, above];
      [aboveRow, belowRow] = [belowRow, aboveRow];
    }
    if (first !== aboveRow) resizeRow(image, first, columns, above);
    aboveRow = first;
    if (second !== belowRow) resizeRow(image, second, columns, below);
    belowRow = second;
    const [a = 0, b = 0] = [rows.firstWeight[y], rows.secondWeight[y]];
    for (let i = 0; i < above.length; i++) {
      // Bits are dropped before and after each multiplication, as in OpenCV, which uses vectors of 16 bits.
      const value = ((a * ((above[i] ?? 0) >> 4)) >> 16) + ((b * ((below[i] ?? 0) >> 4)) >> 16);
      data[to++] = (value + 2) >> 2;
    }
  }
  return { width, height, channels, data };
}

/**
 * @param clampsWeights whether a place outside the image uses the nearest pixel with weight 1, or for both taps
 * @param placeOf the place in the source of index `i` of the result. Default: centers of pixels are mapped to each other
 */
export function tapsFor(
  from: number,
  to: number,
  clampsWeights: boolean,
  placeOf: (i: number, step: number) => number = (i, step) => Math.fround((i + 0.5) * step - 0.5),
) {
  const step = 1 / (to / from);
  const result = {
    first: new Int32Array(to),
    second: new Int32Array(to),
    firstWeight: new Int32Array(to),
    secondWeight: new Int32Array(to),
  };
  for (let i = 0; i < to; i++) {
    const place = placeOf(i, step);
    const index = Math.floor(place);
    const isOutside = index < 0 || index >= from - 1;
    const share = isOutside && clampsWeights ? 0 : Math.fround(place - index);
    result.first[i] = clamp(index, from);
    result.second[i] = clamp(index + 1, from);
    result.firstWeight[i] = roundToEven(Math.fround(1 - share) * one);
    result.secondWeight[i] = roundToEven(share * one);
  }
  return result;
}

const clamp = (index: number, count: number) => Math.max(0, Math.min(index, count - 1));

/** Rounds halves to even numbers, as processors do. */
export function roundToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** Computes one row of the source at its new width; values are multiplied by `one`. */
function resizeRow({ width, channels, data }: Image, row: number, columns: Taps, to: Int32Array): void {
  const start = row * width * channels;
  for (let x = 0, i = 0; i < to.length; x++) {
    const left = start + (columns.first[x] ?? 0) * channels;
    const right = start + (columns.second[x] ?? 0) * channels;
    const [a = 0, b = 0] = [columns.firstWeight[x], columns.secondWeight[x]];
    for (let c = 0; c < channels; c++) to[i++] = (data[left + c] ?? 0) * a + (data[right + c] ?? 0) * b;
  }
}

function halve({ width, height, channels, data }: Image): Image {
  const row = width * channels;
  const half = new Uint8Array(data.length / 4);
  for (let y = 0, to = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      for (let c = 0; c < channels; c++) {
        const at = y * row + x * channels + c;
        const upper = (data[at] ?? 0) + (data[at + channels] ?? 0);
        const lower = (data[at + row] ?? 0) + (data[at + row + channels] ?? 0);
        half[to++] = (upper + lower + 2) >> 2;
      }
    }
  }
  return { width: width / 2, height: height / 2, channels, data: half };
}
