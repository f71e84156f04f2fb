import { cut, cutPlanes, take } from "./along.js";
import { filled } from "./net-builder.js";
import { paddedAverage } from "./padded-average.js";
import type { Imported, Scope } from "./scope.js";
import type { Blob } from "./value.js";

/**
 * Pad with constant sizes: exact. A constant → Pad where the target has it; zeros around planes → a Convolution of each channel with the weight 1;
 * other constants → Concat with a blob of them. `reflect` and `edge` → Slice and Concat. Sizes below 0 cut off, by Slice. Zeros before an
 * AveragePool become its padding, see `padded-average.ts`.
 */
export function pad(node: Scope): Imported {
  const x = node.blob(0);
  const given = node.integers(1, "pads") ?? node.node.ints("pads") ?? node.node.ints("paddings") ?? [];
  const axes = node.integers(3, "axes")?.map((axis) => node.node.axis(x.shape, axis)) ?? [...x.shape.keys()];
  if (given.length !== 2 * axes.length)
    throw node.node.error("MOKA_PARSE", `its ${given.length} pads are not two for each of ${axes.length} axes`);
  const side = (offset: number) =>
    x.shape.map((_, axis) => (axes.includes(axis) ? (given[offset + axes.indexOf(axis)] ?? 0) : 0));
  const [before, after] = [side(0), side(axes.length)];
  const mode = node.node.string("mode", "constant");
  const value = node.floats(2, "value")?.[0] ?? node.node.float("value", 0);
  const inner = x.shape.reduce((from, size, axis) => {
    const [start, end] = [Math.max(0, -(before[axis] ?? 0)), size - Math.max(0, -(after[axis] ?? 0))];
    node.check(end > start, `it cuts all off axis ${axis}`);
    return cut(node, from, axis, start, end, `inner${axis}`);
  }, x);
  const [front, back] = [before, after].map((list) => list.map((each) => Math.max(0, each)));
  if (!front || !back) throw new TypeError("two sides are wanted");
  if ([...front, ...back].every((each) => each === 0)) return inner === x ? node.pass(x) : inner;
  if (mode === "constant" && value === 0 && inner === x && paddedAverage(node, x, front, back)) return [];
  if (mode === "constant") return constantPadded(node, inner, front, back, value);
  node.check(mode === "edge" || mode === "reflect", `its mode "${mode}" has no layers`);
  return inner.shape.reduce((from, size, axis) => {
    const [first = 0, last = 0] = [front[axis], back[axis]];
    if (first === 0 && last === 0) return from;
    const isFit = mode === "edge" || Math.max(first, last) < size;
    if (!isFit) throw node.node.error("MOKA_PARSE", `it reflects ${Math.max(first, last)} of an axis of ${size}`);
    node.budget.take(first + size + last);
    const mirrored = (place: number) => (place < 0 ? -place : place >= size ? 2 * size - 2 - place : place);
    const nearest = (place: number) => Math.max(0, Math.min(place, size - 1));
    const places = Array.from({ length: first + size + last }, (_, i) => i - first);
    return take(node, from, axis, places.map(mode === "edge" ? nearest : mirrored), `around${axis}`);
  }, inner);
}

function constantPadded(node: Scope, x: Blob, front: readonly number[], back: readonly number[], value: number): Blob {
  if (node.can("Pad")) {
    const paddings = x.shape.flatMap((_, axis) => [front[axis] ?? 0, back[axis] ?? 0]);
    return node.layer("Pad", [x], { padParam: { paddings, constantValues: value } });
  }
  return value === 0 && x.shape.length === 4 && !front[0] && !front[1] && !back[0] && !back[1]
    ? zeroPadded(node, x, front, back)
    : beside(node, x, front, back, value);
}

/** Zeros around the planes of a blob (N, C, H, W). */
export function zeroPadded(
  node: Scope,
  x: Blob,
  front: readonly number[],
  back: readonly number[],
  suffix?: string,
): Blob {
  const own = { suffix };
  const paddings = x.shape.flatMap((_, axis) => [front[axis] ?? 0, back[axis] ?? 0]);
  if (node.can("Pad")) return node.layer("Pad", [x], { padParam: { paddings } }, own);
  const [, channels = 1] = x.shape;
  const [padH = 0, padW = 0] = [2, 3].map((axis) => Math.max(front[axis] ?? 0, back[axis] ?? 0));
  const isEven = [2, 3].every((axis) => front[axis] === back[axis]);
  const pads = padH === padW ? { pad: [padH] } : { padH, padW };
  const fields = {
    convolutionParam: { numOutput: channels, group: channels, kernelSize: [1], biasTerm: false, ...pads },
  };
  const parameters = [{ ...filled(channels, 1), shape: [channels, 1, 1, 1] }];
  const y = node.layer("Convolution", [x], fields, {
    parameters,
    ...(isEven ? own : { suffix: `${suffix ?? "pad"}/even` }),
  });
  const [starts, counts] = [
    [padH - (front[2] ?? 0), padW - (front[3] ?? 0)],
    [2, 3].map((axis) => (x.shape[axis] ?? 0) + (front[axis] ?? 0) + (back[axis] ?? 0)),
  ];
  return cutPlanes(node, y, starts, counts, suffix);
}

/** A constant beside a blob, along each axis: the values of a part of it times 0, plus the constant. */
function beside(node: Scope, x: Blob, front: readonly number[], back: readonly number[], value: number): Blob {
  const axes = x.shape.flatMap((_, axis) => ((front[axis] ?? 0) + (back[axis] ?? 0) > 0 ? [axis] : []));
  return axes.reduce((from, axis, nth) => {
    const block = (size: number, name: string) => {
      node.check(
        size <= (from.shape[axis] ?? 0),
        `it pads axis ${axis} by ${size}, more than its size ${from.shape[axis]}`,
      );
      const part = cut(node, from, axis, 0, size, `${name}${axis}/part`);
      return node.layer("Power", [part], { powerParam: { scale: 0, shift: value } }, { suffix: `${name}${axis}` });
    };
    const [first = 0, last = 0] = [front[axis], back[axis]];
    const blobs = [...(first > 0 ? [block(first, "front")] : []), from, ...(last > 0 ? [block(last, "back")] : [])];
    return node.layer(
      "Concat",
      blobs,
      { concatParam: { axis } },
      nth === axes.length - 1 ? {} : { suffix: `axis${axis}` },
    );
  }, x);
}
