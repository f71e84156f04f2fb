/** What a net's blobs say of a picture: classes, or boxes. */
import { topOf } from "../../pixels.js";

export interface LayerOfNet {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
}

/** Where the scores of classes are: a blob, whether they are probabilities already, and the layer whose gradient tells what they hang on. */
export interface ClassScores {
  readonly blob: string;
  readonly isProbability: boolean;
  /** The blob with the scores before the softmax, and the layer that made it last. */
  readonly logits: string;
  readonly maker: string;
}

const softmaxes = ["Softmax", "SoftmaxWithLoss"];

/** The scores of classes of a net; undefined if it has none. */
export function classScores(layers: readonly LayerOfNet[]): ClassScores | undefined {
  const last = layers.findLast(({ type, bottoms }) => softmaxes.includes(type) && bottoms[0] !== undefined);
  if (last) {
    const logits = originOf(layers, last.bottoms[0] ?? "");
    const maker = makerOf(layers, logits);
    const isProbability = last.type === "Softmax" && last.tops[0] !== undefined;
    return maker === undefined
      ? undefined
      : { blob: isProbability ? (last.tops[0] ?? "") : logits, isProbability, logits, maker };
  }
  const end = layers.findLast(({ type }) => type === "InnerProduct" || type === "Sigmoid" || type === "Convolution");
  const blob = end?.tops[0];
  return end && blob !== undefined
    ? { blob, isProbability: end.type === "Sigmoid", logits: blob, maker: end.name }
    : undefined;
}

/** The blob that a Split has copied. */
function originOf(layers: readonly LayerOfNet[], name: string): string {
  const split = layers.find(({ type, tops }) => type === "Split" && tops.includes(name));
  return split?.bottoms[0] ?? name;
}

function makerOf(layers: readonly LayerOfNet[], blob: string): string | undefined {
  return layers.findLast(({ tops, type }) => tops.includes(blob) && type !== "Split")?.name;
}

/** Values as probabilities: their softmax. */
export function softmax(values: ArrayLike<number>): Float32Array {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) max = Math.max(max, values[i] ?? max);
  const exps = Float32Array.from(values, (value) => Math.exp(value - max));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((value) => value / sum);
}

export interface Box {
  readonly label: number;
  readonly score: number;
  /** As parts of the picture's width and height. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The rows of a DetectionOutput that are sure enough: image, label, score, and the corners of the box. */
export function boxesOf(rows: ArrayLike<number>, least: number): readonly Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 7 <= rows.length; at += 7) {
    const [image = -1, label = 0, score = 0, left = 0, top = 0, right = 0, bottom = 0] = Array.from(
      { length: 7 },
      (_, i) => rows[at + i] ?? 0,
    );
    // A row of −1 says that there is nothing.
    if (image === 0 && label >= 0 && score >= least) boxes.push({ label, score, left, top, right, bottom });
  }
  return boxes.sort((a, b) => b.score - a.score);
}

/** The likeliest classes of the first row of scores. */
export function bestClasses(values: Float32Array, rows: number, isProbability: boolean, count = 5) {
  const own = values.subarray(0, values.length / Math.max(1, rows));
  return topOf(isProbability ? own : softmax(own), count);
}

/** Values from 0 to 255, from their least to their largest; 0 for what does not vary. */
export function toGray(values: Float32Array): Uint8ClampedArray {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const range = max - min;
  return Uint8ClampedArray.from(values, (value) => (range > 0 ? (255 * (value - min)) / range : 0));
}

/** The largest size of each pixel's gradient over the channels (Simonyan, Vedaldi and Zisserman 2013). */
export function saliencyOf(gradient: Float32Array, channels: number): Float32Array {
  const size = gradient.length / Math.max(1, channels);
  const largest = new Float32Array(size);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < size; i++) largest[i] = Math.max(largest[i] ?? 0, Math.abs(gradient[c * size + i] ?? 0));
  }
  return largest;
}

/**
 * The part of a drawing that is not empty, as a square that leaves a margin around it: digits of data sets lie in the middle, and fill 20 of
 * 28 pixels.
 *
 * @param alpha the drawing's values, 0 where it is empty
 */
export function digitFrame(alpha: ArrayLike<number>, width: number, height: number) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((alpha[y * width + x] ?? 0) < 64) continue;
      [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
    }
  }
  if (right < 0) return undefined;
  const size = (Math.max(right - left, bottom - top) + 1) * (28 / 20);
  return { x: (left + right + 1 - size) / 2, y: (top + bottom + 1 - size) / 2, size };
}
