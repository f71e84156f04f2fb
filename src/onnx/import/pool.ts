import {
  PoolingParameter_PoolMethod as PoolMethod,
  PoolingParameter_RoundMode as RoundMode,
} from "../../proto/gen/caffe_pb.js";
import { countOf, type Shape } from "../../util/shape.js";
import { floatConstant } from "../tensor.js";
import { cutPlanes } from "./along.js";
import { zeroPadded } from "./pad.js";
import { type PoolFields, poolSizes } from "./pool-fields.js";
import type { Imported, Scope } from "./scope.js";
import type { Blob } from "./value.js";
import { isSymmetric, type Window, windowOf } from "./window.js";

/**
 * MaxPool → Pooling: exact. Caffe rounds sizes up; where the operator has fewer windows, the size is rounded down (`round_mode`) if the target
 * has that, else Slice cuts off the rest. The places of the maxima, and dilation, are refused.
 */
export function maxPool(node: Scope): Imported {
  node.check(
    !node.node.outputs[1],
    "the places of the maxima are read; in Caffe they are places in a plane, and floats",
  );
  return pooled(node, (x, window, ceil, suffix) => {
    return windowsFrom(node, x, window, ceil, { pool: PoolMethod.MAX }, suffix);
  });
}

/**
 * AveragePool → Pooling, exact up to rounding. Caffe divides by the size of the window with its padding, clipped at the padding's end.
 *
 * With `count_include_pad`, or without padding, that is the same; pads that differ become zeros around the input. Else Pooling leaves out the padding
 * (`avg_include_pad`) where the target has that, and otherwise a Scale for each place corrects the divisor. Windows that `ceil_mode` adds are
 * clipped, as in PyTorch.
 */
export function averagePool(node: Scope): Imported {
  const includes = node.node.int("count_include_pad", 0) === 1;
  return pooled(node, (x, window, ceil, suffix) => {
    const average = { pool: PoolMethod.AVE };
    const isPadded = [...window.before, ...window.after].some((pad) => pad > 0);
    if (!isPadded || (includes && isSymmetric(window))) return windowsFrom(node, x, window, ceil, average, suffix);
    if (!includes && node.can("Pooling", "pooling_param.avg_include_pad")) {
      return windowsFrom(node, x, window, ceil, { ...average, avgIncludePad: false }, suffix);
    }
    const [from, own] = isSymmetric(window) ? [x, window] : padded(node, x, window, ceil);
    const y = windowsFrom(node, from, own, ceil, average, includes ? suffix : "average");
    if (includes) return y;
    const scale = { scaleParam: { axis: 2, numAxes: 2 } };
    return node.layer("Scale", [y], scale, { parameters: [divisors(node, x, y, window)], inPlace: true, suffix });
  });
}

/** An input with its padding as zeros around it, where the sides differ, and the window without padding. */
function padded(node: Scope, x: Blob, window: Window, ceil: boolean): readonly [Blob, Window] {
  node.check(!ceil, "its padding differs between the sides, with ceil_mode");
  const none = window.before.map(() => 0);
  const zeros = zeroPadded(node, x, [0, 0, ...window.before], [0, 0, ...window.after], "padded");
  return [zeros, { ...window, before: none, after: none }];
}

/** The planes of the input pooled; those of one axis get a second one of size 1. */
function pooled(node: Scope, pool: (x: Blob, window: Window, ceil: boolean, suffix?: string) => Blob): Blob {
  const x = node.blob(0);
  const spatial = x.shape.slice(2);
  const kernel = node.node.ints("kernel_shape") ?? [];
  const window = windowOf(node, kernel, spatial);
  node.check(
    window.dilation.every((each) => each === 1),
    "its window is dilated, which Caffe's Pooling cannot be",
  );
  const ceil = node.node.int("ceil_mode", 0) === 1;
  if (spatial.length === 2) return pool(x, window, ceil);
  const { shape, keep } = planesOf(node, x.shape, window);
  const pick = (list: readonly number[], fallback: number) => keep.map((axis) => list[axis] ?? fallback);
  const { kernel: sizes, stride, dilation, before, after } = window;
  const plane = {
    kernel: pick(sizes, 1),
    stride: pick(stride, 1),
    dilation: pick(dilation, 1),
    before: pick(before, 0),
    after: pick(after, 0),
  };
  const flat = node.reshape(x, shape, "planes");
  const y = pool(flat, plane, ceil, "pool");
  const sizeOf = (axis: number) => (keep.includes(axis) ? y.shape[2 + keep.indexOf(axis)] : spatial[axis]) ?? 1;
  return node.reshape(y, [...x.shape.slice(0, 2), ...spatial.map((_, axis) => sizeOf(axis))]);
}

/**
 * Other than two spatial axes as two: one gets a second one of size 1; of three, those that the window leaves alone join others.
 * `keep` has the spatial axis that each of the two is; beyond the last one it is none.
 */
function planesOf(node: Scope, x: Shape, window: Window): { readonly shape: Shape; readonly keep: readonly number[] } {
  const [n = 1, channels = 1, d = 1, h = 1, w = 1] = x;
  if (x.length === 3) return { shape: [...x, 1], keep: [0, 1] };
  const isAlone = (axis: number) =>
    window.kernel[axis] === 1 && window.stride[axis] === 1 && !window.before[axis] && !window.after[axis];
  if (x.length === 5 && isAlone(0)) return { shape: [n, channels * d, h, w], keep: [1, 2] };
  if (x.length === 5 && isAlone(1) && isAlone(2)) return { shape: [n, channels, d, h * w], keep: [0, 3] };
  throw node.refuse(`it has ${x.length - 2} spatial axes; Caffe's Pooling has two`);
}

/** The number of windows along each axis: no window begins behind the input. */
function countsOf(x: Blob, { kernel, stride, before, after }: Window, ceil: boolean): readonly number[] {
  return kernel.map((size, i) => {
    const [length = 0, step = 1, first = 0, last = 0] = [x.shape[2 + i], stride[i], before[i], after[i]];
    const ratio = (length + first + last - size) / step;
    const count = (ceil ? Math.ceil(ratio) : Math.floor(ratio)) + 1;
    return ceil && (count - 1) * step >= length + first ? count - 1 : count;
  });
}

/**
 * Pools with windows that begin where the operator's do: with its first padding at all sides, or more by whole strides, of which the windows are cut
 * off.
 */
function windowsFrom(node: Scope, x: Blob, window: Window, ceil: boolean, fields: PoolFields, suffix?: string): Blob {
  const counts = countsOf(x, window, ceil);
  node.check(
    Math.min(...counts) > 0,
    `its window ${window.kernel.join(" × ")} does not fit into ${x.shape.join(" × ")}`,
  );
  const { kernel, stride, before } = window;
  const isDown = node.can("Pooling", "pooling_param.round_mode");
  // Where the padding counts, more of it would change the divisors.
  const mayShift = fields.pool === PoolMethod.MAX || fields.avgIncludePad === false;
  for (let steps = 0; steps === 0 || (mayShift && steps < Math.max(...kernel)); steps++) {
    const pads = before.map((pad, i) => pad + steps * (stride[i] ?? 1));
    if (steps > 0 && !pads.every((pad, i) => pad < (kernel[i] ?? 1))) break;
    const up = { poolingParam: { ...fields, ...poolSizes(kernel, stride, pads) } };
    const down = { poolingParam: { ...up.poolingParam, roundMode: RoundMode.FLOOR } };
    const fits = (shape: readonly number[] | undefined, exactly: boolean) =>
      shape !== undefined &&
      counts.every((count, i) => (exactly ? shape[2 + i] === count : (shape[2 + i] ?? 0) >= count + steps));
    const own = { suffix };
    const [shapeUp, shapeDown] = [
      node.shapeOf("Pooling", [x], up),
      isDown ? node.shapeOf("Pooling", [x], down) : undefined,
    ];
    if (steps === 0 && fits(shapeUp, true)) return node.layer("Pooling", [x], up, own);
    if (steps === 0 && fits(shapeDown, true)) return node.layer("Pooling", [x], down, own);
    if (!fits(shapeUp, false)) continue;
    const all = node.layer("Pooling", [x], up, { suffix: "all" });
    const starts = counts.map(() => steps);
    return cutPlanes(node, all, starts, counts, suffix);
  }
  throw node.refuse(
    `no Pooling has its windows (kernel ${kernel.join(" × ")}, stride ${stride.join(" × ")}, pads ${before.join(" × ")} and ${window.after.join(" × ")} of ${x.shape.join(" × ")})`,
  );
}

/** For each place of the output, the divisor of Caffe over the number of values of the input under the window. */
function divisors(node: Scope, x: Blob, y: Blob, { kernel, stride, before, after }: Window) {
  const shape = y.shape.slice(2);
  node.budget.take(countOf(shape) + (shape[0] ?? 0) + (shape[1] ?? 0));
  const axes = kernel.map((size, i) => {
    const [length = 0, step = 1, pad = 0, end = 0] = [x.shape[2 + i], stride[i], before[i], after[i]];
    return Array.from({ length: y.shape[2 + i] ?? 0 }, (_, place) => {
      const start = place * step - pad;
      return [
        Math.min(start + size, length + end) - start,
        Math.min(start + size, length) - Math.max(start, 0),
      ] as const;
    });
  });
  const [rows = [], columns = []] = axes;
  const values = rows.flatMap(([down, own]) =>
    columns.map(([across, ownAcross]) => (down * across) / (own * ownAcross)),
  );
  return floatConstant(shape, values);
}
