// Boxes in pixels, x1, y1, x2, y2, that include both ends, so that a side is x2 − x1 + 1.

const f32 = Math.fround;

/**
 * Moves and sizes a box by its deltas and cuts it to the image, in single precision, rounded after each step.
 *
 * @param size the image's width and height
 */
export function moveBox(
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  [dx, dy, dw, dh]: readonly [number, number, number, number],
  size: readonly [number, number],
  boxes: Float32Array,
  at: number,
): void {
  moveSide(x1, x2, dx, dw, f32(size[0] - 1), boxes, at);
  moveSide(y1, y2, dy, dh, f32(size[1] - 1), boxes, at + 1);
}

function moveSide(
  from: number,
  to: number,
  d: number,
  log: number,
  last: number,
  boxes: Float32Array,
  at: number,
): void {
  const start = f32(from);
  const side = f32(f32(f32(to) - start) + 1);
  const center = f32(f32(d * side) + f32(start + f32(0.5 * side)));
  const half = f32(0.5 * f32(f32(Math.exp(log)) * side));
  boxes[at] = Math.max(Math.min(f32(center - half), last), 0);
  boxes[at + 2] = Math.max(Math.min(f32(center + half), last), 0);
}

/** The sides of a box, in single precision. */
export const sideOf = (boxes: Float32Array, at: number): number =>
  f32(f32((boxes[at + 2] ?? 0) - (boxes[at] ?? 0)) + 1);

/**
 * Keeps each box whose overlap with all boxes kept before it is at most `threshold`: intersection over union, in single precision.
 *
 * @param count the number of boxes, the best first
 * @param limit the most that are kept
 * @param apart whether boxes that lie apart by less than a pixel do not overlap; in py-faster-rcnn they do, a little
 * @returns the indices of the boxes that are kept
 */
export function suppress(
  boxes: Float32Array,
  count: number,
  threshold: number,
  limit: number,
  apart: boolean,
): number[] {
  const most = f32(threshold);
  const areas = new Float32Array(count);
  for (let i = 0; i < count; i++) areas[i] = sideOf(boxes, 4 * i) * sideOf(boxes, 4 * i + 1);
  const kept: number[] = [];
  for (let i = 0; i < count && kept.length < limit; i++) {
    const at = 4 * i;
    const x1 = boxes[at] as number;
    const y1 = boxes[at + 1] as number;
    const x2 = boxes[at + 2] as number;
    const y2 = boxes[at + 3] as number;
    const area = areas[i] as number;
    let isKept = true;
    for (let j = 0; j < kept.length && isKept; j++) {
      const other = 4 * (kept[j] as number);
      const left = Math.max(x1, boxes[other] as number);
      const top = Math.max(y1, boxes[other + 1] as number);
      const right = Math.min(x2, boxes[other + 2] as number);
      const bottom = Math.min(y2, boxes[other + 3] as number);
      if (apart && (left > right || top > bottom)) continue;
      const width = f32(f32(right - left) + 1);
      const height = f32(f32(bottom - top) + 1);
      if (width <= 0 || height <= 0) continue;
      const both = f32(width * height);
      isKept = f32(both / f32(f32((areas[kept[j] as number] as number) + area) - both)) <= most;
    }
    if (isKept) kept.push(i);
  }
  return kept;
}
