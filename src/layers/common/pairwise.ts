import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import { countOf, formatShape, type Shape, sameShape } from "../../util/shape.js";

/** The axes around a run of axes, each side as one. */
export interface Around {
  readonly outer: number;
  readonly dim: number;
  readonly inner: number;
}

/** A layer that combines two blobs value by value. An axis that one of them lacks in front, or has with size 1, is repeated. */
export abstract class PairwiseLayer extends Layer {
  override readonly bottomCount: number | readonly [number, number] = 2;
  override readonly topCount = 1;

  /** The second operand: the second bottom, or a parameter. */
  protected second(bottom: readonly Tensor[]): Tensor {
    return (bottom[1] ?? this.params[0]) as Tensor;
  }

  protected pairShape(a: Shape, b: Shape): Shape {
    const axes = Math.max(a.length, b.length);
    const [one, other] = [padded(a, axes), padded(b, axes)];
    const fits = one.every((size, i) => size === other[i] || size === 1 || other[i] === 1);
    const reason = `its operands must have equal sizes, or 1, on each axis, counted from the last; they are ${formatShape(a)} and ${formatShape(b)}`;
    this.check(fits, "MOKA_SHAPE", reason);
    return one.map((size, i) => (size === 1 ? (other[i] ?? 1) : size));
  }
}

const padded = (shape: Shape, axes: number): Shape => [
  ...Array.from({ length: axes - shape.length }, () => 1),
  ...shape,
];

/** How `small` is repeated to `shape`, if it is one run of axes that is repeated around: as in Scale. */
export function around(small: Shape, shape: Shape): Around | undefined {
  const sizes = padded(small, shape.length);
  const own = [...sizes.keys()].filter((axis) => sizes[axis] !== 1);
  const [start = 0, end = 0] = own.length > 0 ? [own[0], (own.at(-1) ?? 0) + 1] : [];
  if (!sameShape(sizes.slice(start, end), shape.slice(start, end))) return undefined;
  return { outer: countOf(shape, 0, start), dim: countOf(shape, start, end), inner: countOf(shape, end) };
}

/** The axes along which `small` is repeated, the last first: `tiles` times, each time `width` values, for `rows` rows. */
function repeats(small: Shape, shape: Shape) {
  const sizes = padded(small, shape.length);
  const axes = [...sizes.keys()].filter((axis) => sizes[axis] !== shape[axis]).reverse();
  return axes.map((axis) => {
    return { rows: countOf(sizes, 0, axis), tiles: shape[axis] ?? 0, width: countOf(shape, axis + 1) };
  });
}

/** The values of `x`, repeated to `shape`, in memory of their own unless they are all there. */
export function expanded(k: Recorder, x: Span, small: Shape, shape: Shape): Span {
  return repeats(small, shape).reduce((from, { rows, tiles, width }) => {
    const to = k.span("repeated", rows * tiles * width);
    if (to.count === 0) return to;
    // The form with fewer steps: each tile of all rows, or all tiles of each row.
    if (tiles <= rows) {
      for (let tile = 0; tile < tiles; tile++) {
        const y = to.tail(tile * width);
        k.copyRows({ x: from, y, rows, width, xStride: width, yStride: tiles * width });
      }
    } else {
      for (let row = 0; row < rows; row++) {
        const y = to.slice(row * tiles * width, tiles * width);
        k.copyRows({ x: from.slice(row * width, width), y, rows: tiles, width, xStride: 0, yStride: width });
      }
    }
    return to;
  }, x);
}

/** The gradient of `expanded`: sums `dy` over what was repeated, into `dx`. */
export function collapsed(k: Recorder, dy: Span, shape: Shape, dx: Span, small: Shape): void {
  const steps = repeats(small, shape).reverse();
  const last = steps.length - 1;
  if (last < 0) k.copy({ x: dy, y: dx });
  steps.reduce((from, { rows, tiles, width }, i) => {
    const to = i === last ? dx : k.span("sum", rows * width);
    if (rows * tiles * width === 0) k.fill({ y: to, value: 0 });
    else if (width === 1) k.biasBackward({ dy: from, dbias: to, accumulate: false, outer: 1, dim: rows, inner: tiles });
    else {
      for (let row = 0; row < rows; row++) {
        const [part, dbias] = [from.slice(row * tiles * width, tiles * width), to.slice(row * width, width)];
        k.biasBackward({ dy: part, dbias, accumulate: false, outer: tiles, dim: width, inner: 1 });
      }
    }
    return to;
  }, dy);
}
