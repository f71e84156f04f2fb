import type { Image } from "../../util/images.js";
import { resize, resizeByTaps, roundToEven, tapsFor } from "./resize.js";

/** OpenCV's ways to resize an image: `INTER_NEAREST` and so on. */
export type Interpolation = "nearest" | "linear" | "cubic" | "area" | "lanczos4";

const f32 = Math.fround;

/**
 * Resizes an image of 8 bits as OpenCV's `resize`. `nearest` and `linear` are the same bit for bit; of `cubic`, `area` and
 * `lanczos4` single values may differ by 1, where OpenCV itself differs from processor to processor.
 */
export function resizeAs(image: Image, width: number, height: number, interpolation: Interpolation): Image {
  if (width === image.width && height === image.height) return image;
  if (interpolation === "nearest") return nearest(image, width, height);
  if (interpolation === "cubic") return filtered(image, width, height, 4, cubicWeights);
  if (interpolation === "lanczos4") return filtered(image, width, height, 8, lanczosWeights);
  if (interpolation === "area") return area(image, width, height);
  return resize(image, width, height);
}

/** Whole steps: each pixel is one of the source, the one on whose left or upper edge its own edge lies. */
function nearest(image: Image, width: number, height: number): Image {
  const { channels } = image;
  const data = new Uint8Array(width * height * channels);
  const sources = (from: number, to: number) => {
    const step = 1 / (to / from);
    return Int32Array.from({ length: to }, (_, i) => Math.min(Math.floor(i * step), from - 1));
  };
  const columns = sources(image.width, width);
  const rows = sources(image.height, height);
  let to = 0;
  for (const y of rows) {
    for (const x of columns) {
      const at = (y * image.width + x) * channels;
      for (let c = 0; c < channels; c++) data[to++] = image.data[at + c] ?? 0;
    }
  }
  return { width, height, channels, data };
}

/** The mean of what a pixel covers, when an image becomes smaller; else linear, with edges of pixels mapped to each other. */
function area(image: Image, width: number, height: number): Image {
  if (image.width < width || image.height < height) {
    const taps = (from: number, to: number, clamps: boolean) =>
      tapsFor(from, to, clamps, (i, step) => {
        const index = Math.floor(i * step);
        const share = f32(i + 1 - (index + 1) * (to / from));
        return index + (share <= 0 ? 0 : f32(share - Math.floor(share)));
      });
    return resizeByTaps(image, width, height, taps(image.width, width, true), taps(image.height, height, false));
  }
  if (image.width === 2 * width && image.height === 2 * height) return resize(image, width, height);
  const { channels } = image;
  const columns = coverage(image.width, width);
  const rows = coverage(image.height, height);
  const data = new Uint8Array(width * height * channels);
  const row = new Float32Array(width * channels);
  const sum = new Float32Array(width * channels);
  for (let y = 0; y < height; y++) {
    sum.fill(0);
    const { first, weights } = rows[y] as Cover;
    for (const [i, share] of weights.entries()) {
      averageRow(image, first + i, columns, row);
      for (let x = 0; x < row.length; x++) sum[x] = (sum[x] ?? 0) + (row[x] ?? 0) * share;
    }
    for (let x = 0; x < row.length; x++) data[y * row.length + x] = clampByte(roundToEven(sum[x] ?? 0));
  }
  return { width, height, channels, data };
}

/** What an index of the result covers of the source: the first index, and the share of each from there on. */
interface Cover {
  readonly first: number;
  readonly weights: readonly number[];
}

function coverage(from: number, to: number): readonly Cover[] {
  const step = 1 / (to / from);
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * step, i * step + step];
    const cell = Math.min(step, from - start);
    const first = Math.ceil(start);
    const last = Math.min(Math.floor(end), from - 1);
    const whole = Math.min(first, last);
    const weights: number[] = [];
    let begin = whole;
    if (whole - start > 1e-3) {
      begin = whole - 1;
      weights.push(f32((whole - start) / cell));
    }
    for (let at = whole; at < last; at++) weights.push(f32(1 / cell));
    if (end - last > 1e-3) weights.push(f32(Math.min(Math.min(end - last, 1), cell) / cell));
    return { first: begin, weights };
  });
}

function averageRow({ width, channels, data }: Image, y: number, columns: readonly Cover[], to: Float32Array): void {
  let at = 0;
  for (const { first, weights } of columns) {
    for (let c = 0; c < channels; c++) {
      let from = (y * width + first) * channels + c;
      let sum = 0;
      for (const share of weights) {
        sum = f32(sum + f32((data[from] ?? 0) * share));
        from += channels;
      }
      to[at++] = sum;
    }
  }
}

/** Weights of the pixels around a place that lies `share` of a step behind the middle one of them. */
type Weights = (share: number) => readonly number[];

/** Cubic convolution with a = −0.75. */
const cubicWeights: Weights = (x) => {
  const a = -0.75;
  const w0 = f32(((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a);
  const w1 = f32(((a + 2) * x - (a + 3)) * x * x + 1);
  const y = f32(1 - x);
  const w2 = f32(((a + 2) * y - (a + 3)) * y * y + 1);
  return [w0, w1, w2, f32(1 - w0 - w1 - w2)];
};

/** Lanczos' window of 8 pixels. */
const lanczosWeights: Weights = (x) => {
  if (x < 2 ** -23) return [0, 0, 0, 1, 0, 0, 0, 0];
  const half = Math.SQRT1_2;
  const turns = [
    [1, 0],
    [-half, -half],
    [0, 1],
    [half, -half],
    [-1, 0],
    [half, half],
    [0, -1],
    [-half, half],
  ] as const;
  const angle = -(x + 3) * Math.PI * 0.25;
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const weights = turns.map(([s, c], i) => {
    const y = -(x + 3 - i) * Math.PI * 0.25;
    return f32((s * sin + c * cos) / (y * y));
  });
  const sum = weights.reduce((total, weight) => f32(total + weight), 0);
  return weights.map((weight) => f32(weight * f32(1 / sum)));
};

/** The weights in OpenCV are integers with this sum. */
const one = 2048;

/** Filters along the rows and then along the columns; pixels beyond the edge are those at the edge. */
function filtered(image: Image, width: number, height: number, taps: number, weights: Weights): Image {
  const { channels } = image;
  const columns = tapTable(image.width, width, taps, weights);
  const rows = tapTable(image.height, height, taps, weights);
  const length = width * channels;
  const data = new Uint8Array(height * length);
  const cache = new Map<number, Int32Array>();
  const rowOf = (y: number) => {
    const known = cache.get(y);
    if (known) return known;
    const made = filterRow(image, y, columns, taps, new Int32Array(length));
    cache.set(y, made);
    if (cache.size > 2 * taps) cache.delete(cache.keys().next().value ?? y);
    return made;
  };
  for (let y = 0; y < height; y++) {
    const sources = Array.from({ length: taps }, (_, k) => rowOf(rows.indices[y * taps + k] ?? 0));
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = 0; k < taps; k++) sum += (sources[k]?.[i] ?? 0) * (rows.weights[y * taps + k] ?? 0);
      data[y * length + i] = clampByte(Math.floor((sum + 2 ** 21) / 2 ** 22));
    }
  }
  return { width, height, channels, data };
}

function filterRow({ width, channels, data }: Image, y: number, columns: TapTable, taps: number, to: Int32Array) {
  const start = y * width * channels;
  for (let x = 0, at = 0; at < to.length; x++) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let k = x * taps; k < (x + 1) * taps; k++) {
        sum += (data[start + (columns.indices[k] ?? 0) * channels + c] ?? 0) * (columns.weights[k] ?? 0);
      }
      to[at++] = sum;
    }
  }
  return to;
}

/** For each index of the result: the indices of the source, and their weights. */
interface TapTable {
  readonly indices: Int32Array;
  readonly weights: Int32Array;
}

function tapTable(from: number, to: number, taps: number, weights: Weights): TapTable {
  const step = 1 / (to / from);
  const table = { indices: new Int32Array(to * taps), weights: new Int32Array(to * taps) };
  for (let i = 0; i < to; i++) {
    const place = f32((i + 0.5) * step - 0.5);
    const index = Math.floor(place);
    const shares = weights(f32(place - index));
    for (let k = 0; k < taps; k++) {
      table.indices[i * taps + k] = Math.max(0, Math.min(index - taps / 2 + 1 + k, from - 1));
      table.weights[i * taps + k] = roundToEven((shares[k] ?? 0) * one);
    }
  }
  return table;
}

const clampByte = (value: number) => Math.max(0, Math.min(value, 255));
