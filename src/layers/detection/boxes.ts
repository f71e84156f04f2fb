// SSD's boxes: xmin, ymin, xmax, ymax in units of the image, so that a side is xmax − xmin. All arithmetic is in single precision, as the fork's.
const { fround } = Math;

/** How a box is written relative to its prior, by the names of `PriorBoxParameter.CodeType`. */
export type BoxCode = "CORNER" | "CENTER_SIZE" | "CORNER_SIZE";

/** The area of the box at index `at` of `boxes`; 0 for an invalid one, whose end lies before its start. */
export function areaOf(boxes: Float32Array, at: number): number {
  const width = fround((boxes[at + 2] as number) - (boxes[at] as number));
  const height = fround((boxes[at + 3] as number) - (boxes[at + 1] as number));
  return width < 0 || height < 0 ? 0 : fround(width * height);
}

/** Intersection over union of box `i` of `a` and box `j` of `b`, both indices of the first value; 0 for boxes that only touch. */
export function overlapOf(a: Float32Array, i: number, b: Float32Array, j: number): number {
  const width = fround(Math.min(a[i + 2] as number, b[j + 2] as number) - Math.max(a[i] as number, b[j] as number));
  if (!(width > 0)) return 0;
  const height = fround(
    Math.min(a[i + 3] as number, b[j + 3] as number) - Math.max(a[i + 1] as number, b[j + 1] as number),
  );
  if (!(height > 0)) return 0;
  const both = fround(width * height);
  return fround(both / fround(fround(areaOf(a, i) + areaOf(b, j)) - both));
}

/**
 * Whether a code can be used with this prior: a side of it is a divisor or a factor in `CENTER_SIZE` and `CORNER_SIZE`, and
 * must be above 0.
 */
export function isUsable(code: BoxCode, priors: Float32Array, at: number): boolean {
  if (code === "CORNER") return true;
  return (
    fround((priors[at + 2] as number) - (priors[at] as number)) > 0 &&
    fround((priors[at + 3] as number) - (priors[at + 1] as number)) > 0
  );
}

/**
 * Writes the box that `deltas` mean, relative to the prior at index `at`.
 *
 * @param variances factors of the deltas, at the prior's index; undefined if the deltas hold them already
 * @param from the index of the deltas
 * @param to the index in `boxes`
 */
export function decodeBox(
  code: BoxCode,
  priors: Float32Array,
  at: number,
  variances: Float32Array | undefined,
  deltas: Float32Array,
  from: number,
  boxes: Float32Array,
  to: number,
): void {
  for (let axis = 0; axis < 2; axis++) {
    const start = priors[at + axis] as number;
    const end = priors[at + axis + 2] as number;
    const first = deltas[from + axis] as number;
    const second = deltas[from + axis + 2] as number;
    const dFirst = variances ? fround((variances[at + axis] as number) * first) : first;
    const dSecond = variances ? fround((variances[at + axis + 2] as number) * second) : second;
    if (code === "CORNER") {
      boxes[to + axis] = start + dFirst;
      boxes[to + axis + 2] = end + dSecond;
      continue;
    }
    const side = fround(end - start);
    if (code === "CORNER_SIZE") {
      boxes[to + axis] = start + fround(dFirst * side);
      boxes[to + axis + 2] = end + fround(dSecond * side);
      continue;
    }
    const center = fround(fround(dFirst * side) + fround(fround(start + end) / 2));
    const half = fround(fround(Math.exp(dSecond)) * side) / 2;
    boxes[to + axis] = center - half;
    boxes[to + axis + 2] = center + half;
  }
}

/**
 * Writes the deltas of a box relative to the prior at index `at`: the inverse of `decodeBox`.
 *
 * @param variances divisors of the deltas, at the prior's index; undefined if the deltas are to hold them
 * @param from the index in `boxes`
 * @param to the index of the deltas
 */
export function encodeBox(
  code: BoxCode,
  priors: Float32Array,
  at: number,
  variances: Float32Array | undefined,
  boxes: Float32Array,
  from: number,
  deltas: Float32Array,
  to: number,
): void {
  for (let axis = 0; axis < 2; axis++) {
    const start = priors[at + axis] as number;
    const end = priors[at + axis + 2] as number;
    const boxStart = boxes[from + axis] as number;
    const boxEnd = boxes[from + axis + 2] as number;
    let first = fround(boxStart - start);
    let second = fround(boxEnd - end);
    if (code !== "CORNER") {
      const side = fround(end - start);
      if (code === "CENTER_SIZE") {
        first = fround(fround(boxStart + boxEnd) / 2) - fround(fround(start + end) / 2);
        second = fround(Math.log(fround(fround(boxEnd - boxStart) / side)));
      } else second = fround(second / side);
      first = fround(fround(first) / side);
    }
    deltas[to + axis] = variances ? first / (variances[at + axis] as number) : first;
    deltas[to + axis + 2] = variances ? second / (variances[at + axis + 2] as number) : second;
  }
}

/**
 * The indices of the scores above `threshold`, the highest first. Equal scores keep their order; NaN is never above.
 *
 * @param from the index of the first score
 * @param step the distance between two scores; index i stands for score `from + i·step`
 * @param topK the most that are returned; negative: all
 */
export function bestOf(
  scores: Float32Array,
  from: number,
  step: number,
  count: number,
  threshold: number,
  topK: number,
): Uint32Array {
  const found = new Uint32Array(count);
  let n = 0;
  for (let i = 0; i < count; i++) if ((scores[from + i * step] as number) > threshold) found[n++] = i;
  if (topK > 0 && topK < n) n = cutBelow(scores, from, step, found.subarray(0, n), topK);
  const order = found.subarray(0, n);
  order.sort((a, b) => (scores[from + b * step] as number) - (scores[from + a * step] as number) || a - b);
  return topK >= 0 && topK < n ? order.subarray(0, topK) : order;
}

/**
 * Moves to the front of `found` those whose scores are at least the `topK`-th best, and returns their number. To sort numbers alone
 * is much faster than to sort indices by them.
 */
function cutBelow(scores: Float32Array, from: number, step: number, found: Uint32Array, topK: number): number {
  const sorted = new Float32Array(found.length);
  for (let i = 0; i < sorted.length; i++) sorted[i] = scores[from + (found[i] as number) * step] as number;
  sorted.sort();
  const least = sorted[sorted.length - topK] as number;
  let n = 0;
  for (const i of found) if ((scores[from + i * step] as number) >= least) found[n++] = i;
  return n;
}

/**
 * Keeps each box whose overlap with all boxes kept before it is at most a threshold. With `eta` below 1 the threshold
 * shrinks by this factor after each kept box, while it is above 0.5.
 *
 * @param boxes box i at index 4·i
 * @param order the boxes to look at, the best first
 * @returns the boxes that are kept, in their order
 */
export function keepApart(boxes: Float32Array, order: Uint32Array, threshold: number, eta: number): number[] {
  const kept: number[] = [];
  let most = fround(threshold);
  for (const box of order) {
    let isKept = true;
    for (let j = 0; j < kept.length && isKept; j++) {
      isKept = overlapOf(boxes, 4 * box, boxes, 4 * (kept[j] as number)) <= most;
    }
    if (!isKept) continue;
    kept.push(box);
    if (eta < 1 && most > 0.5) most = fround(most * fround(eta));
  }
  return kept;
}
