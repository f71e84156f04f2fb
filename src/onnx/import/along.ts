import { countOf, type Shape } from "../../util/shape.js";
import type { Scope } from "./scope.js";
import type { Blob } from "./value.js";

/** The entries `[start, end)` of an axis, by Slice. */
export function cut(node: Scope, x: Blob, axis: number, start: number, end: number, suffix?: string): Blob {
  return start === 0 && end === x.shape[axis] ? x : node.cut(x, axis, [start, end], suffix);
}

/** `counts` entries of each spatial axis, from `starts` on. */
export function cutPlanes(
  node: Scope,
  x: Blob,
  starts: readonly number[],
  counts: readonly number[],
  suffix?: string,
): Blob {
  const axes = counts.flatMap((count, i) => (x.shape[2 + i] === count ? [] : [i]));
  return axes.reduce((from, i, nth) => {
    const [start = 0, count = 0] = [starts[i], counts[i]];
    const name = nth === axes.length - 1 ? suffix : `${suffix ?? "cut"}/axis${2 + i}`;
    return cut(node, from, 2 + i, start, start + count, name);
  }, x);
}

/** The most pieces that an axis is cut into: each is a top of a layer. */
const mostPieces = 256;

/** The entries of an axis at these places, in this order, by Slice and Concat. */
export function take(node: Scope, x: Blob, axis: number, places: readonly number[], suffix: string): Blob {
  const runs: { start: number; end: number }[] = [];
  for (const place of places) {
    const last = runs.at(-1);
    if (last?.end === place) last.end++;
    else runs.push({ start: place, end: place + 1 });
  }
  const [only] = runs;
  if (only && runs.length === 1) return cut(node, x, axis, only.start, only.end, suffix);
  const size = x.shape[axis] ?? 0;
  const points = [...new Set(runs.flatMap(({ start, end }) => [start, end]))]
    .filter((point) => point > 0 && point < size)
    .sort((a, b) => a - b);
  node.check(
    points.length < mostPieces && runs.length <= mostPieces,
    `it takes ${runs.length} pieces of an axis, more than ${mostPieces}`,
  );
  const edges = [0, ...points, size];
  // A piece that several runs contain is read several times.
  const pieces = edges.slice(0, -1).map((start, i) => ({ start, end: edges[i + 1] ?? size }));
  const order = runs.flatMap((run) =>
    pieces.flatMap(({ start, end }, i) => (start >= run.start && end <= run.end ? [i] : [])),
  );
  const tops =
    pieces.length === 1
      ? [x]
      : node.layers(
          "Slice",
          [x],
          { sliceParam: { axis, slicePoint: points } },
          { suffix: `${suffix}/pieces`, tops: pieces.length, readers: 2 },
        );
  node.leave(tops.filter((_, i) => !order.includes(i)));
  return node.layer(
    "Concat",
    order.flatMap((i) => tops[i] ?? []),
    { concatParam: { axis } },
    { suffix },
  );
}

/** Every `step`-th entry of an axis, from the first, by a pooling whose window is one value. */
export function every(node: Scope, x: Blob, axis: number, step: number, suffix?: string): Blob {
  const size = x.shape[axis] ?? 0;
  const count = Math.ceil(size / step);
  // Caffe rounds up, so that the axis must end with the last value that is taken.
  const exact = cut(node, x, axis, 0, (count - 1) * step + 1, "whole");
  const shape: Shape = [countOf(x.shape, 0, axis), 1, exact.shape[axis] ?? 0, countOf(x.shape, axis + 1)];
  const planes = node.reshape(exact, shape, "planes");
  const window = { kernelH: 1, kernelW: 1, strideH: step, strideW: 1 };
  const taken = node.layer("Pooling", [planes], { poolingParam: window }, { suffix: "every" });
  return node.reshape(
    taken,
    x.shape.map((each, i) => (i === axis ? count : each)),
    suffix,
  );
}
