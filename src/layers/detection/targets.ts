// Boxes in pixels that include both ends, as those of pixel-boxes.ts, compared in double precision, as py-faster-rcnn trains.
import type { Random } from "../../util/random.js";

const f32 = Math.fround;

/** A list of boxes: x1, y1, x2, y2 from `start` on in each row of `width` values. */
export interface Boxes {
  readonly values: ArrayLike<number>;
  readonly count: number;
  readonly width: number;
  readonly start: number;
}

/** For each box, the other box that it overlaps most, the first of equals, and the overlap; −1 and 0 if there is no other. */
export interface Matches {
  readonly best: Int32Array;
  readonly overlaps: Float64Array;
  /** The overlaps of box i with box j, at i · count + j. */
  readonly all: Float64Array;
}

/** Intersection over union of boxes in pixels, in double precision. */
export function bestMatches(boxes: Boxes, others: Boxes): Matches {
  const best = new Int32Array(boxes.count).fill(others.count > 0 ? 0 : -1);
  const overlaps = new Float64Array(boxes.count);
  const all = new Float64Array(boxes.count * others.count);
  const of = ({ values, width, start }: Boxes, index: number, side: number) =>
    values[index * width + start + side] ?? 0;
  for (let j = 0; j < others.count; j++) {
    const [x1, y1, x2, y2] = [of(others, j, 0), of(others, j, 1), of(others, j, 2), of(others, j, 3)];
    const area = (x2 - x1 + 1) * (y2 - y1 + 1);
    for (let i = 0; i < boxes.count; i++) {
      const [left, top, right, bottom] = [of(boxes, i, 0), of(boxes, i, 1), of(boxes, i, 2), of(boxes, i, 3)];
      const width = Math.min(right, x2) - Math.max(left, x1) + 1;
      const height = Math.min(bottom, y2) - Math.max(top, y1) + 1;
      if (!(width > 0 && height > 0)) continue;
      const overlap = (width * height) / ((right - left + 1) * (bottom - top + 1) + area - width * height);
      all[i * others.count + j] = overlap;
      if (overlap > (overlaps[i] ?? 0)) {
        overlaps[i] = overlap;
        best[i] = j;
      }
    }
  }
  return { best, overlaps, all };
}

/**
 * The deltas that move a box to another, rounded to single precision: differences of centers by width and height, and logarithms of
 * the ratios of widths and heights.
 *
 * @param precision that of the first box; the other one's is single
 */
export function deltasTo(
  boxes: Boxes,
  index: number,
  others: Boxes,
  other: number,
  precision: "single" | "double",
): [number, number, number, number] {
  const round = precision === "single" ? f32 : (value: number) => value;
  const axis = (side: number): [number, number] => {
    const from = index * boxes.width + boxes.start + side;
    const to = other * others.width + others.start + side;
    const start = boxes.values[from] ?? 0;
    const size = round(round((boxes.values[from + 2] ?? 0) - start) + 1);
    const middle = round(start + round(0.5 * size));
    const otherStart = others.values[to] ?? 0;
    const otherSize = f32(f32((others.values[to + 2] ?? 0) - otherStart) + 1);
    const otherMiddle = f32(otherStart + f32(0.5 * otherSize));
    return [f32(round(otherMiddle - middle) / size), f32(Math.log(round(otherSize / size)))];
  };
  const [x, width] = axis(0);
  const [y, height] = axis(1);
  return [x, y, width, height];
}

/** Draws `count` of the items, or all if there are fewer, without replacement and in random order. */
export function drawSome(random: Random, items: readonly number[], count: number): number[] {
  const drawn = [...items];
  random.shuffle(drawn);
  return drawn.slice(0, Math.max(count, 0));
}
