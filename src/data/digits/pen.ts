import type { Stroke, StrokePoint } from "./styles.js";

/** A point on the pen's path; `along` is its position on the stroke, from 0 to 1. */
export interface PenPoint {
  readonly x: number;
  readonly y: number;
  readonly along: number;
}

/** Number of line segments between two points of a stroke. */
const pieces = 6;

/**
 * The path of the pen along a stroke: a Catmull-Rom spline through its points, whose direction may change
 * abruptly at a corner.
 */
export function penPath(stroke: Stroke): PenPoint[] {
  const path: PenPoint[] = [];
  const last = stroke.length - 1;
  for (let i = 0; i < last; i++) {
    const from = stroke[i] as StrokePoint;
    const to = stroke[i + 1] as StrokePoint;
    // At a corner or an end the spline takes no direction from the point beyond it.
    const before = from.isCorner ? from : (stroke[i - 1] ?? from);
    const after = to.isCorner ? to : (stroke[i + 2] ?? to);
    for (let piece = i === 0 ? 0 : 1; piece <= pieces; piece++) {
      const t = piece / pieces;
      path.push({
        x: spline(before.x, from.x, to.x, after.x, t),
        y: spline(before.y, from.y, to.y, after.y, t),
        along: (i + t) / last,
      });
    }
  }
  return path;
}

/** Interpolates from `b` at t = 0 to `c` at t = 1, with slopes (c − a) / 2 at t = 0 and (d − b) / 2 at t = 1. */
function spline(a: number, b: number, c: number, d: number, t: number): number {
  const t2 = t * t;
  const t3 = t2 * t;
  return b + 0.5 * (t * (c - a) + t2 * (2 * a - 5 * b + 4 * c - d) + t3 * (3 * b - a - 3 * c + d));
}
