import { countOf, type Shape } from "../../../util/shape.js";
import { TensorProto_DataType as DataType } from "../../gen/onnx_pb.js";
import { type Constant, floatConstant } from "../../tensor.js";
import type { Node } from "../node.js";
import { floatsOf, numbersOf, whole } from "../value.js";
import { broadcastShape, type Fold, type FoldScope, placesIn, stridesOf } from "./fold.js";

/** Constants put in another order or shape. */
export const arrange: Readonly<Record<string, Fold>> = {
  Identity: (at) => at.input(0),
  Dropout: (at) => at.input(0),
  Cast: (at) => cast(at.input(0), at.node.int("to", DataType.FLOAT)),
  Reshape: (at) => {
    const x = at.input(0);
    return inShape(at, x, reshaped(at.node, x.shape, at.integers(1, "shape") ?? []));
  },
  Flatten: (at) => {
    const { shape } = at.input(0);
    const axis = flattenAxis(at.node, shape);
    return inShape(at, at.input(0), [countOf(shape, 0, axis), countOf(shape, axis)]);
  },
  Squeeze: (at) => inShape(at, at.input(0), squeezed(at.node, at.input(0).shape, at.integers(1, "axes"))),
  Unsqueeze: (at) => inShape(at, at.input(0), unsqueezed(at.node, at.input(0).shape, at.integers(1, "axes") ?? [])),
  Transpose: (at) => {
    const x = at.input(0);
    const order = transposeOrder(at.node, x.shape);
    const strides = stridesOf(x.shape);
    return gather(
      at,
      x,
      order.map((axis) => x.shape[axis] ?? 0),
      (places) => places.reduce((sum, place, i) => sum + place * (strides[order[i] ?? 0] ?? 0), 0),
    );
  },
  Concat: (at) => {
    const parts = at.inputs.flatMap((input) => input ?? []);
    const [first = at.input(0)] = parts;
    const axis = at.node.axis(first.shape, at.node.int("axis", 0));
    const sizes = parts.map(({ shape }) => shape[axis] ?? 0);
    const fits = parts.every(
      ({ shape }) =>
        shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]),
    );
    if (!fits) throw at.node.error("MOKA_PARSE", "its inputs have shapes that do not fit together");
    const shape = at.shape(first.shape.map((size, i) => (i === axis ? sizes.reduce((a, b) => a + b, 0) : size)));
    const widths = parts.map((part) => countOf(part.shape, axis));
    const width = countOf(shape, axis);
    const count = countOf(shape);
    const all = parts.every(({ type }) => type === "int");
    const data = all ? new BigInt64Array(count) : new Float32Array(count);
    let start = 0;
    parts.forEach((part, p) => {
      const own = widths[p] ?? 0;
      for (let row = 0; own > 0 && row < part.data.length / own; row++) {
        for (let i = 0; i < own; i++) {
          const value = part.data[row * own + i] ?? 0;
          if (data instanceof BigInt64Array) data[row * width + start + i] = BigInt(value);
          else data[row * width + start + i] = Number(value);
        }
      }
      start += own;
    });
    return data instanceof BigInt64Array ? { type: "int", shape, data } : { type: "float", shape, data };
  },
  Slice: (at) => {
    const x = at.input(0);
    const ranges = sliceRanges(
      at.node,
      x.shape,
      at.integers(1, "starts"),
      at.integers(2, "ends"),
      at.integers(3, "axes"),
      at.integers(4, "steps"),
    );
    const strides = stridesOf(x.shape);
    return gather(
      at,
      x,
      ranges.map(({ count }) => count),
      (places) =>
        places.reduce((sum, place, axis) => {
          const { start = 0, step = 1 } = ranges[axis] ?? {};
          return sum + (start + place * step) * (strides[axis] ?? 0);
        }, 0),
    );
  },
  Gather: (at) => {
    const [x, indices] = [at.input(0), at.input(1)];
    const axis = at.node.axis(x.shape, at.node.int("axis", 0));
    const size = x.shape[axis] ?? 0;
    const chosen = numbersOf(indices).map((index) => {
      if (!(Number.isInteger(index) && index >= -size && index < size))
        throw at.node.error("MOKA_PARSE", `index ${index} is beyond an axis of ${size}`);
      return index < 0 ? index + size : index;
    });
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    const inner = countOf(x.shape, axis + 1);
    return at.pick(x, shape, (i) => {
      const [outer, place] = [Math.floor(i / (chosen.length * inner)), Math.floor(i / inner) % chosen.length];
      return (outer * size + (chosen[place] ?? 0)) * inner + (i % inner);
    });
  },
  Expand: (at) => {
    const x = at.input(0);
    const shape = broadcastShape(x.shape, numbersOf(at.input(1)));
    if (!shape) throw at.node.error("MOKA_PARSE", `${x.shape.join(" × ")} does not expand to the given shape`);
    return at.pick(x, at.shape(shape), placesIn(x.shape, shape));
  },
  Tile: (at) => {
    const x = at.input(0);
    const repeats = numbersOf(at.input(1));
    const shape = x.shape.map((size, axis) => size * (repeats[axis] ?? 1));
    const strides = stridesOf(x.shape);
    return gather(at, x, shape, (places) =>
      places.reduce((sum, place, axis) => sum + (place % (x.shape[axis] ?? 1)) * (strides[axis] ?? 0), 0),
    );
  },
  Split: (at) => {
    const x = at.input(0);
    const axis = at.node.axis(x.shape, at.node.int("axis", 0));
    const lengths = splitLengths(at.node, x.shape[axis] ?? 0, at.integers(1, "split"));
    let start = 0;
    return lengths.map((length) => {
      const from = start;
      start += length;
      const [inner, size] = [countOf(x.shape, axis + 1), x.shape[axis] ?? 0];
      return at.pick(
        x,
        x.shape.map((each, i) => (i === axis ? length : each)),
        (i) => {
          const [outer, place] = [Math.floor(i / (length * inner)), Math.floor(i / inner) % length];
          return (outer * size + from + place) * inner + (i % inner);
        },
      );
    });
  },
  Where: (at) => {
    const [holds, yes, no] = [at.input(0), at.input(1), at.input(2)];
    const both = broadcastShape(yes.shape, no.shape);
    const shape = both && broadcastShape(holds.shape, both);
    if (!shape) throw at.node.error("MOKA_PARSE", "its inputs have shapes that do not fit together");
    const count = countOf(at.shape(shape));
    const [inHolds, inYes, inNo] = [holds, yes, no].map((each) => placesIn(each.shape, shape));
    const pick = (i: number) =>
      (holds.data[inHolds?.(i) ?? 0] ? yes.data[inYes?.(i) ?? 0] : no.data[inNo?.(i) ?? 0]) ?? 0;
    if (yes.type === "int" && no.type === "int") {
      return { type: "int", shape, data: BigInt64Array.from({ length: count }, (_, i) => BigInt(pick(i))) };
    }
    return floatConstant(
      shape,
      Float32Array.from({ length: count }, (_, i) => Number(pick(i))),
    );
  },
};

/** The entries of an array whose place in `x` follows from their own place along each axis. */
function gather(at: FoldScope, x: Constant, shape: Shape, placeOf: (places: readonly number[]) => number): Constant {
  const strides = stridesOf(shape);
  return at.pick(x, shape, (i) =>
    placeOf(shape.map((size, axis) => Math.floor(i / (strides[axis] ?? 1)) % Math.max(size, 1))),
  );
}

function inShape(at: FoldScope, x: Constant, shape: Shape): Constant {
  if (countOf(at.shape(shape)) !== countOf(x.shape)) {
    throw at.node.error("MOKA_PARSE", `${x.shape.join(" × ")} values do not fill ${shape.join(" × ")}`);
  }
  return { ...x, shape };
}

function cast(x: Constant, to: number): Constant {
  const floats: readonly number[] = [DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16, DataType.BFLOAT16];
  if (floats.includes(to)) return floatConstant(x.shape, floatsOf(x));
  if (to === DataType.BOOL) {
    return { type: "int", shape: x.shape, data: BigInt64Array.from(numbersOf(x), (value) => BigInt(value !== 0)) };
  }
  if (x.type === "int") return x;
  return { type: "int", shape: x.shape, data: BigInt64Array.from(x.data, whole) };
}

/** The shape that a Reshape gives: 0 copies a size, unless `allowzero`; one −1 is what is left. */
export function reshaped(node: Node, x: Shape, wanted: readonly number[]): Shape {
  const copies = node.int("allowzero", 0) === 0;
  const sizes = wanted.map((size, axis) => (size === 0 && copies ? (x[axis] ?? 0) : size));
  const rest = sizes.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const left = rest > 0 ? countOf(x) / rest : 0;
  const shape = sizes.map((size) => (size === -1 ? left : size));
  const fits =
    sizes.filter((size) => size === -1).length <= 1 && shape.every((size) => Number.isInteger(size) && size >= 0);
  if (!fits) throw node.error("MOKA_PARSE", `${x.join(" × ")} does not take the shape ${wanted.join(", ")}`);
  return shape;
}

/** The axis before which Flatten cuts: also one behind the last. */
export function flattenAxis(node: Node, shape: Shape): number {
  const axis = node.int("axis", 1);
  return axis === shape.length ? axis : node.axis(shape, axis);
}

export function squeezed(node: Node, shape: Shape, axes: readonly number[] | undefined): Shape {
  const gone = axes?.map((axis) => node.axis(shape, axis));
  const fits = gone?.every((axis) => shape[axis] === 1) ?? true;
  if (!fits) throw node.error("MOKA_PARSE", `axes ${axes?.join(", ")} of ${shape.join(" × ")} are not all of size 1`);
  return shape.filter((size, axis) => (gone ? !gone.includes(axis) : size !== 1));
}

export function unsqueezed(node: Node, shape: Shape, axes: readonly number[]): Shape {
  const length = shape.length + axes.length;
  if (length > 32) throw node.error("MOKA_PARSE", `its result would have ${length} axes`);
  const all = Array.from({ length }, () => 1);
  const added = new Set(axes.map((axis) => node.axis(all, axis)));
  if (added.size !== axes.length) throw node.error("MOKA_PARSE", `its axes ${axes.join(", ")} are not different`);
  const old = [...shape];
  return all.map((_, axis) => (added.has(axis) ? 1 : (old.shift() ?? 1)));
}

export function transposeOrder(node: Node, shape: Shape): readonly number[] {
  const order = node.ints("perm") ?? [...shape.keys()].reverse();
  const isOrder = order.length === shape.length && [...shape.keys()].every((axis) => order.includes(axis));
  if (!isOrder) throw node.error("MOKA_PARSE", `perm ${order.join(", ")} is no order of ${shape.length} axes`);
  return order;
}

export function splitLengths(node: Node, size: number, given: readonly number[] | undefined): readonly number[] {
  const parts = node.outputs.length;
  // The last part is smaller where the parts are not equal.
  const each = Math.ceil(size / Math.max(parts, 1));
  const lengths = given ?? Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(each, size - i * each)));
  const isWhole = lengths.every((length) => Number.isInteger(length) && length >= 0);
  if (!isWhole || lengths.length !== parts || lengths.reduce((a, b) => a + b, 0) !== size) {
    throw node.error("MOKA_PARSE", `parts of ${lengths.join(", ")} do not make up ${size}, or are not ${parts}`);
  }
  return lengths;
}

/** What a Slice keeps of an axis: `count` entries from `start` on, `step` apart. */
export interface Range {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** What a Slice keeps of each axis. */
export function sliceRanges(
  node: Node,
  shape: Shape,
  starts: readonly number[] = [],
  ends: readonly number[] = [],
  axes: readonly number[] = [...starts.keys()],
  steps: readonly number[] = starts.map(() => 1),
): readonly Range[] {
  if (new Set([starts, ends, axes, steps].map(({ length }) => length)).size !== 1) {
    throw node.error("MOKA_PARSE", "its starts, ends, axes and steps are not of one length");
  }
  const ranges = shape.map((count): Range => ({ start: 0, step: 1, count }));
  axes.forEach((each, i) => {
    const axis = node.axis(shape, each);
    const [size, step] = [shape[axis] ?? 0, steps[i] ?? 1];
    if (step === 0) throw node.error("MOKA_PARSE", "a step is 0");
    const place = (index: number, least: number, most: number) => {
      return Math.max(least, Math.min(index < 0 ? index + size : index, most));
    };
    const start = step > 0 ? place(starts[i] ?? 0, 0, size) : place(starts[i] ?? 0, 0, size - 1);
    const end = step > 0 ? place(ends[i] ?? 0, 0, size) : place(ends[i] ?? 0, -1, size - 1);
    ranges[axis] = { start, step, count: Math.max(0, Math.ceil((end - start) / step)) };
  });
  return ranges;
}
