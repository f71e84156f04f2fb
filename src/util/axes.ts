import { countOf, type Shape } from "./shape.js";

/** An axis of a result: its size, and how many values its neighbours are apart in the source and in the result. */
export interface Axis {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** The axes of an array of this shape in another order, outermost first: neighbours that stay together are one, axes of size 1 none. */
export function mergeAxes(shape: Shape, order: readonly number[]): Axis[] {
  const merged: Axis[] = [];
  let to = 1;
  for (const axis of [...order].reverse()) {
    const size = shape[axis] ?? 1;
    if (size === 1) continue;
    const from = countOf(shape, axis + 1);
    const last = merged[0];
    if (last && from === last.from * last.size) merged[0] = { ...last, size: last.size * size };
    else merged.unshift({ size, from, to });
    to *= size;
  }
  return merged;
}
