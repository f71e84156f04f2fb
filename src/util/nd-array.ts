import { check } from "./errors.js";
import { checkCount, countOf, formatSizes, type Shape } from "./shape.js";

/** Typed arrays that hold the values of an array: those of blobs are `Float32Array`, those of a Datum may be bytes. */
export type TypedArray = Float32Array | Float64Array | Uint8Array | Int32Array;

/** An array in row-major order, as in NumPy and in Caffe's blobs: neighbours along the last axis are adjacent. */
export interface ArrayOf<Data extends TypedArray> {
  readonly shape: Shape;
  readonly data: Data;
}

/** An array of numbers in single precision. A `Blob` is one, with its `data`. */
export type NdArray = ArrayOf<Float32Array>;

/** What can be asked for its least value, its mean and so on: an array with a shape, a `Blob`, or plain values. */
export type Values = ArrayLike<number> | { readonly shape: Shape; readonly data: ArrayLike<number> };

/**
 * One axis in a call of `slice`: an index, which removes the axis; a range, from its first index to before its second,
 * which may be missing; or `null` for all indices. Negative numbers count from the end.
 */
export type AxisSlice = number | readonly [from: number, to?: number] | null;

/** The values with their shape; plain values have one axis. */
function arrayOf(values: Values): { readonly shape: Shape; readonly data: ArrayLike<number> } {
  const what =
    "values are wanted: an array of numbers, in one row, a Blob, or an array with its shape, { shape, data }";
  const isObject = typeof values === "object" && values !== null;
  const hasValues = isObject && (("shape" in values && "data" in values) || "length" in values);
  check(hasValues, "MOKA_USAGE", what);
  // A Blob's data are read once: each read is counted as a possible change.
  const { shape, data } = "shape" in values ? values : { shape: [values.length], data: values };
  checkCount(shape, data.length);
  check(data.length === 0 || typeof data[0] === "number", "MOKA_USAGE", what);
  return { shape, data };
}

/** A number from `count` values, which are `stride` apart, the first one at `start`. */
type Reduce = (data: ArrayLike<number>, start: number, stride: number, count: number) => number;

/** Applies `reduce` to all values, or to each row of values along `axis`. */
function reduced(name: string, reduce: Reduce, values: Values, axis: number | undefined): number | NdArray {
  const { shape, data } = arrayOf(values);
  check(data.length > 0, "MOKA_USAGE", `${name} of an array without values`);
  if (axis === undefined) return reduce(data, 0, 1, data.length);
  const at = axisOf(shape, axis);
  const count = shape[at] ?? 1;
  const stride = countOf(shape, at + 1);
  const result = new Float32Array(data.length / count);
  for (let i = 0; i < result.length; i++) {
    const outer = Math.floor(i / stride);
    result[i] = reduce(data, outer * count * stride + (i % stride), stride, count);
  }
  return { shape: [...shape.slice(0, at), ...shape.slice(at + 1)], data: result };
}

function axisOf(shape: Shape, axis: number): number {
  const at = axis < 0 ? axis + shape.length : axis;
  check(
    Number.isInteger(at) && at >= 0 && at < shape.length,
    "MOKA_SHAPE",
    `there is no axis ${axis} in an array of shape ${formatSizes(shape)}`,
  );
  return at;
}

/** The position, from 0, of the first value that no other is better than; the first NaN, if there is one. */
function bestOf(isBetter: (a: number, b: number) => boolean): Reduce {
  return (data, start, stride, count) => {
    let best = 0;
    for (let i = 0; i < count; i++) {
      const value = data[start + i * stride] ?? 0;
      if (Number.isNaN(value)) return i;
      if (isBetter(value, data[start + best * stride] ?? 0)) best = i;
    }
    return best;
  };
}

const indexOfMax = bestOf((a, b) => a > b);
const indexOfMin = bestOf((a, b) => a < b);

const maxOf: Reduce = (data, start, stride, count) =>
  data[start + indexOfMax(data, start, stride, count) * stride] ?? Number.NaN;

const minOf: Reduce = (data, start, stride, count) =>
  data[start + indexOfMin(data, start, stride, count) * stride] ?? Number.NaN;

const meanOf: Reduce = (data, start, stride, count) => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += data[start + i * stride] ?? 0;
  return sum / count;
};

/**
 * The index of the greatest value, as NumPy's `argmax`: of all values in row-major order, or, with `axis`, along that axis.
 * The first of equal values counts, and NaN is greater than every number. `axis` counts from 0, or, if it is negative, from the
 * last; the result has the other axes.
 *
 * @param values a blob, an array, or what `net.forward` returns
 * @throws MokaError `MOKA_USAGE` without values, `MOKA_SHAPE` for an axis that is not there
 * @example
 * ```ts
 * argmax([0.1, 0.7, 0.2]); // 1
 * argmax({ shape: [2, 3], data: Float32Array.of(1, 9, 2, 8, 3, 4) }, 1).data; // 1, 0: the class of each row
 * ```
 */
export function argmax(values: Values): number;
export function argmax(values: Values, axis: number): NdArray;
export function argmax(values: Values, axis?: number): number | NdArray {
  return reduced("argmax", indexOfMax, values, axis);
}

/**
 * The greatest value, of all or along `axis`, as NumPy's `max`; NaN if one of them is NaN. See `argmax` for `values`, `axis`
 * and errors.
 *
 * @example
 * ```ts
 * max([1, 5, 3]); // 5
 * ```
 */
export function max(values: Values): number;
export function max(values: Values, axis: number): NdArray;
export function max(values: Values, axis?: number): number | NdArray {
  return reduced("max", maxOf, values, axis);
}

/**
 * The least value, of all or along `axis`, as NumPy's `min`; NaN if one of them is NaN. See `argmax` for `values`, `axis` and
 * errors.
 *
 * @example
 * ```ts
 * min([1, 5, 3]); // 1
 * ```
 */
export function min(values: Values): number;
export function min(values: Values, axis: number): NdArray;
export function min(values: Values, axis?: number): number | NdArray {
  return reduced("min", minOf, values, axis);
}

/**
 * The mean, of all or along `axis`, as NumPy's `mean`, summed in double precision. See `argmax` for `values`, `axis` and errors.
 *
 * @example
 * ```ts
 * mean([1, 5, 3]); // 3
 * mean({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }, 0).data; // 2, 3: the mean of each column
 * ```
 */
export function mean(values: Values): number;
export function mean(values: Values, axis: number): NdArray;
export function mean(values: Values, axis?: number): number | NdArray {
  return reduced("mean", meanOf, values, axis);
}

/**
 * The indices of the `count` greatest values, the greatest first, as NumPy's `argsort()[::-1][:count]`. Equal values keep
 * their order; NaN comes last.
 *
 * @example
 * ```ts
 * topIndices([0.1, 0.6, 0.3], 2); // [1, 2]
 * ```
 */
export function topIndices(values: Values, count: number): number[] {
  check(
    Number.isInteger(count) && count >= 0,
    "MOKA_USAGE",
    `the count of the greatest values must be 0 or more, not ${count}`,
  );
  const { data } = arrayOf(values);
  const rank = (index: number) => {
    const value = data[index] ?? Number.NaN;
    return Number.isNaN(value) ? -Infinity : value;
  };
  const order = Array.from({ length: data.length }, (_, index) => index);
  return order.sort((a, b) => (rank(a) === rank(b) ? a - b : rank(b) - rank(a))).slice(0, count);
}

/**
 * The same values in another shape, as NumPy's `reshape`: a view, so writing to it writes to the original. (pycaffe's
 * `blob.reshape`, which changes a blob, is `net.reshape`.)
 *
 * @param shape one size may be −1: it follows from the others
 * @throws MokaError `MOKA_SHAPE` if the counts differ
 * @example
 * ```ts
 * reshape(Float32Array.of(1, 2, 3, 4, 5, 6), [2, -1]).shape; // [2, 3]
 * ```
 */
export function reshape<Data extends TypedArray>(values: Data | ArrayOf<Data>, shape: Shape): ArrayOf<Data> {
  const data: Data = "shape" in values ? values.data : values;
  const known = shape.filter((size) => size !== -1);
  const open = shape.length - known.length;
  const result = shape.map((size) => (size === -1 ? data.length / countOf(known) : size));
  check(
    open <= 1 && result.every((size) => Number.isInteger(size) && size >= 0) && countOf(result) === data.length,
    "MOKA_SHAPE",
    `${data.length} values cannot have the shape ${formatSizes(shape)}`,
  );
  return { shape: result, data };
}

/**
 * A part of an array, as NumPy's `array[0, :36]`. Axes that are not given are whole.
 *
 * A part whose values are adjacent is a view: writing to it writes to the original. That is so if, except for axes of size
 * 1, indices come first, then at most one range, and the rest is whole. Every other part is a copy.
 *
 * @param axes an index, a range `[from, to]` or `null` (all) for each axis, from the first on
 * @throws MokaError `MOKA_SHAPE` for an index that is not there, or more axes than the array has. A range is cut to the size of
 * its axis, as in NumPy
 * @example
 * ```ts
 * const array = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
 * slice(array, 1).data; // 4, 5, 6
 * slice(array, null, [0, 2]).data; // 1, 2, 4, 5
 * slice(array, 0, -1).data; // 3
 * ```
 */
export function slice<Data extends TypedArray>(
  values: Data | ArrayOf<Data>,
  ...axes: readonly AxisSlice[]
): ArrayOf<Data> {
  const shape: Shape = "shape" in values ? values.shape : [values.length];
  const data: Data = "shape" in values ? values.data : values;
  check(
    axes.length <= shape.length,
    "MOKA_SHAPE",
    `${axes.length} axes to slice, in an array of shape ${formatSizes(shape)}`,
  );
  const parts = shape.map((size, axis) => rangeOf(axes[axis] ?? null, size, axis));
  const result = parts.filter(({ keeps }) => keeps).map(({ count }) => count);
  const count = countOf(parts.map((part) => part.count));
  // From the last axis that is cut on, everything before it must be a single index.
  const cut = parts.findLastIndex((part, axis) => part.count !== shape[axis]);
  const start = parts.reduce((sum, part, axis) => sum + part.from * countOf(shape, axis + 1), 0);
  if (parts.slice(0, Math.max(cut, 0)).every((part) => part.count === 1)) {
    return { shape: result, data: data.subarray(start, start + count) as Data };
  }
  const copy = data.slice(0, count) as Data;
  const row = parts.at(-1)?.count ?? 1;
  for (let to = 0; to < count; to += row) {
    let from = start;
    for (let axis = parts.length - 2, rest = to / row; axis >= 0; axis--) {
      const size = parts[axis]?.count ?? 1;
      from += (rest % size) * countOf(shape, axis + 1);
      rest = Math.floor(rest / size);
    }
    copy.set(data.subarray(from, from + row), to);
  }
  return { shape: result, data: copy };
}

function rangeOf(part: AxisSlice, size: number, axis: number): { from: number; count: number; keeps: boolean } {
  if (part === null) return { from: 0, count: size, keeps: true };
  const numbers = typeof part === "number" ? [part] : part;
  check(numbers.every(Number.isInteger), "MOKA_SHAPE", `axis ${axis} is sliced by ${numbers.join(" … ")}`);
  if (typeof part === "number") {
    const from = part < 0 ? part + size : part;
    check(from >= 0 && from < size, "MOKA_SHAPE", `index ${part} is out of range for axis ${axis} of ${size}`);
    return { from, count: 1, keeps: false };
  }
  const [from = 0, to = size] = part.map((end = size) => Math.min(Math.max(end < 0 ? end + size : end, 0), size));
  return { from, count: Math.max(to - from, 0), keeps: true };
}

/** Numbers in lists in lists, one level for each axis. */
export type Nested = number | Nested[];

/**
 * The values as nested lists, as NumPy's `tolist`; a number for a scalar. To print a small array, or for JSON.
 *
 * @example
 * ```ts
 * toNested({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }); // [[1, 2], [3, 4]]
 * ```
 */
export function toNested(values: Values): Nested {
  const { shape, data } = arrayOf(values);
  const nest = (axis: number, start: number): Nested => {
    if (axis === shape.length) return data[start] ?? 0;
    const stride = countOf(shape, axis + 1);
    return Array.from({ length: shape[axis] ?? 0 }, (_, i) => nest(axis + 1, start + i * stride));
  };
  return nest(0, 0);
}

/**
 * The axes of an array in another order, as NumPy's `transpose`: axis `i` of the result is axis `order[i]`. A copy.
 *
 * @throws MokaError `MOKA_USAGE` if `order` does not name each axis once
 * @example
 * ```ts
 * transposed({ shape: [1, 3], data: Float32Array.of(1, 2, 3) }, [1, 0]).shape; // [3, 1]
 * ```
 */
export function transposed({ shape, data }: NdArray, order: readonly number[]): NdArray {
  check(
    order.length === shape.length && [...order].sort((a, b) => a - b).every((axis, i) => axis === i),
    "MOKA_USAGE",
    `axes ${order.join(", ")} are no order of the ${shape.length} axes of ${formatSizes(shape)}`,
  );
  const newShape = order.map((axis) => shape[axis] ?? 1);
  const strides = order.map((axis) => countOf(shape, axis + 1));
  const result = new Float32Array(data.length);
  const at = newShape.map(() => 0);
  for (let to = 0, from = 0; to < result.length; to++) {
    result[to] = data[from] ?? 0;
    for (let axis = at.length - 1; axis >= 0; axis--) {
      from += strides[axis] ?? 0;
      at[axis] = (at[axis] ?? 0) + 1;
      if ((at[axis] ?? 0) < (newShape[axis] ?? 1)) break;
      from -= (strides[axis] ?? 0) * (newShape[axis] ?? 1);
      at[axis] = 0;
    }
  }
  return { shape: newShape, data: result };
}
