import type { Stroke, StrokePoint } from "./styles.js";

/** A place the pen passes, and how far along its stroke, from 0 to 1. */
export interface PenPlace {
  readonly x: number;
  readonly y: number;
  readonly along: number;
}

/** Pieces a stroke is cut into between two of its points. */
const pieces = 6;

/**
 * The way of the pen along a stroke: a Catmull-Rom spline through its points, which bends at a corner
 * without warning.
 */
export function penWay(stroke: Stroke): PenPlace[] {
  const way: PenPlace[] = [];
  const last = stroke.length - 1;
  for (let i = 0; i < last; i++) {
    const from = stroke[i] as StrokePoint;
    const to = stroke[i + 1] as StrokePoint;
    // Beyond a corner or an end there is nothing to run smoothly into.
    const before = from.isCorner ? from : (stroke[i - 1] ?? from);
    const after = to.isCorner ? to : (stroke[i + 2] ?? to);
    for (let piece = 0; piece <= pieces; piece++) {
      if (piece === 0 && i > 0) continue;
      const t = piece / pieces;
      way.push({
        x: spline(before.x, from.x, to.x, after.x, t),
        y: spline(before.y, from.y, to.y, after.y, t),
        along: (i + t) / last,
      });
    }
  }
  return way;
}

/** Between `b` at 0 and `c` at 1, heading as from `a` to `c` at the one and from `b` to `d` at the other. */
function spline(a: number, b: number, c: number, d: number, t: number): number {
  const t2 = t * t;
  const t3 = t2 * t;
  return b + 0.5 * (t * (c - a) + t2 * (2 * a - 5 * b + 4 * c - d) + t3 * (3 * b - a - 3 * c + d));
}
