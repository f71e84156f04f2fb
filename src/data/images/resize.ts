import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";

/** Weights are whole numbers that add up to this: 11 bits. */
const one = 1 << 11;

/** Where each place of the result lies between two of the source: its weights, of the one and of the next. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly firstWeight: Int32Array;
  readonly secondWeight: Int32Array;
}

/**
 * A picture in another size, the value between four of the source: OpenCV's `resize` with `INTER_LINEAR` on 8 bits,
 * which is what Caffe resizes with, bit for bit. As there, centers of pixels are mapped to each other and nothing is
 * averaged when a picture becomes smaller, but for exactly half its size: that is the mean of each four.
 */
export function resize(image: Image, width: number, height: number): Image {
  check(
    Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0 && width * height < 2 ** 28,
    "MOKA_USAGE",
    `a picture cannot be made ${height}×${width} pixels large`,
  );
  if (width === image.width && height === image.height) return image;
  if (image.width === 2 * width && image.height === 2 * height) return halved(image);
  const { channels } = image;
  const columns = taps(image.width, width, true);
  const rows = taps(image.height, height, false);
  const data = new Uint8Array(height * width * channels);
  // Two rows of the source at a time, at their new width: each is made once and then used by several rows.
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
    if (first !== aboveRow) stretchRow(image, first, columns, above);
    aboveRow = first;
    if (second !== belowRow) stretchRow(image, second, columns, below);
    belowRow = second;
    const [a = 0, b = 0] = [rows.firstWeight[y], rows.secondWeight[y]];
    for (let i = 0; i < above.length; i++) {
      // Cut off before and after each multiplication, as OpenCV does for the sake of 16-bit vectors.
      const value = ((a * ((above[i] ?? 0) >> 4)) >> 16) + ((b * ((below[i] ?? 0) >> 4)) >> 16);
      data[to++] = (value + 2) >> 2;
    }
  }
  return { width, height, channels, data };
}

/** @param clampsWeights whether a place beyond the first or last pixel counts that pixel alone; rows repeat it */
function taps(from: number, to: number, clampsWeights: boolean): Taps {
  const step = 1 / (to / from);
  const result = {
    first: new Int32Array(to),
    second: new Int32Array(to),
    firstWeight: new Int32Array(to),
    secondWeight: new Int32Array(to),
  };
  for (let i = 0; i < to; i++) {
    const place = Math.fround((i + 0.5) * step - 0.5);
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

function roundToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

/** One row of the source at its new width, its values times `one`. */
function stretchRow({ width, channels, data }: Image, row: number, columns: Taps, to: Int32Array): void {
  const start = row * width * channels;
  for (let x = 0, i = 0; i < to.length; x++) {
    const left = start + (columns.first[x] ?? 0) * channels;
    const right = start + (columns.second[x] ?? 0) * channels;
    const [a = 0, b = 0] = [columns.firstWeight[x], columns.secondWeight[x]];
    for (let c = 0; c < channels; c++) to[i++] = (data[left + c] ?? 0) * a + (data[right + c] ?? 0) * b;
  }
}

function halved({ width, height, channels, data }: Image): Image {
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
