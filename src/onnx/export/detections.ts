import type { Dim } from "../model.js";
import type { Value } from "./graph-writer.js";
import type { Operators } from "./operators.js";

// The parts that layers of detections have in common.

const lowest = Number.NEGATIVE_INFINITY;

/** Makes all scores along an axis −∞ but the `count` highest; of equal ones the first stay. The axis must have as many. */
export function onlyBest(w: Operators, scores: Value, axis: number, count: number): Value {
  const [values = "", at = ""] = w.nodes("TopK", [scores, w.ints([count])], 2, { axis });
  return w.node("ScatterElements", [w.filled(scores, lowest), at, values], { axis });
}

export interface Suppression {
  /** (B, P, 4): two corners, or centre and size if `isCentred`. */
  readonly boxes: Value;
  /** (B, K, P). */
  readonly scores: Value;
  readonly isCentred?: boolean | undefined;
  /** The most that stay of a row (b, k) of scores. */
  readonly most: number;
  /** A box goes if its overlap with one that stays is greater. Overlaps are at most 1. */
  readonly overlap: number;
  /** Only boxes of a greater score are looked at. Default: all. */
  readonly above?: number | undefined;
}

/**
 * `NonMaxSuppression`: the boxes that stay, (n, 3) with b, k and p of each, by b, by k, then by score, the highest first, as ONNX Runtime
 * gives them; of equal scores the first is the better. Boxes without an area overlap with none. Thresholds are exclusive: an overlap or a
 * score that equals one stays, or is left out.
 */
export function suppressed(w: Operators, { boxes, scores, isCentred, most, overlap, above }: Suppression): Value {
  const limits = [
    w.graph.ints([most], []),
    w.scalar(Math.min(overlap, 1)),
    ...(above === undefined ? [] : [w.scalar(above)]),
  ];
  return w.node("NonMaxSuppression", [boxes, scores, ...limits], { center_point_box: isCentred ? 1 : 0 });
}

/** Leaves out boxes (n, 3) whose score, in (B, K, P), is −∞. */
export function finite(w: Operators, selected: Value, scores: Value): Value {
  const stays = w.node("Greater", [w.node("GatherND", [scores, selected]), w.scalar(lowest)]);
  return w.node("Compress", [selected, stays], { axis: 0 });
}

/** One of the columns of (n, 3). */
export function column(w: Operators, selected: Value, index: number): Value {
  return w.slice(selected, [{ axis: 1, from: index, to: index + 1 }]);
}

/** The greatest number in single precision that is less than x. */
export function justBelow(x: number): number {
  const bits = new Int32Array(Float32Array.of(x).buffer);
  const [first = 0] = bits;
  if (x === 0) return -(2 ** -149);
  bits[0] = first + (x > 0 ? -1 : 1);
  return new Float32Array(bits.buffer)[0] ?? 0;
}

/**
 * The top of detections (1, 1, K, 7) from its rows (n, 7). Where there is none it has a row for each image, of the image's number and −1, as in
 * Caffe.
 *
 * @param images the number of images
 * @param of a value with the images along its first axis
 */
export function orNothing(w: Operators, rows: Value, images: Dim, of: Value): Value {
  const found = w.slice(w.node("Shape", [rows]), [{ axis: 0, from: 0, to: 1 }]);
  const all = w.concat([rows, nothing(w, images, of)], 0);
  const isAny = w.node("Greater", [found, w.ints([0])]);
  const whole = w.node("Shape", [all]);
  const count = w.node("Where", [isAny, found, w.slice(whole, [{ axis: 0, from: 0, to: 1 }])]);
  const cut = w.node("Slice", [all, w.ints([0]), count, w.ints([0])]);
  return w.reshape(cut, [1, 1, -1, 7]);
}

function nothing(w: Operators, images: Dim, of: Value): Value {
  if (typeof images === "number") {
    const values = new Float32Array(7 * images).fill(-1);
    for (let i = 0; i < images; i++) values[7 * i] = i;
    return w.floats(values, [images, 7], "nothing");
  }
  const numbers = numbersOf(w, images, of);
  return w.pad(w.unsqueeze(numbers, [1]), [0, 0], [0, 6], -1);
}

/**
 * The numbers of images as floats (N): 0, 1, …
 *
 * @param of a value with the images along its first axis
 */
export function numbersOf(w: Operators, images: Dim, of: Value): Value {
  if (typeof images === "number") return w.floats(Array.from({ length: images }, (_, i) => i));
  const int = (value: number) => w.graph.ints([value], []);
  const count = w.node("Gather", [w.node("Shape", [of]), int(0)]);
  return w.cast(w.node("Range", [int(0), count, int(1)]), "float");
}
