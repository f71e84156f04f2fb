import type { PoolGeometry } from "../../core/kernels.js";
import type { PlanePooling } from "../../layers/vision/pool.js";
import type { Value } from "./graph-writer.js";
import type { Operators } from "./operators.js";
import { padBehind } from "./windows.js";

/** The value that MAX gives where a window has nothing under it: Caffe's -FLT_MAX. */
const lowest = -3.4028234663852886e38;

/** The windows along one axis. */
interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly before: number;
  readonly behind: number;
  /** The windows that begin inside the image. */
  readonly count: number;
  /** The size of a window beyond these, as Caffe counts it: 0 or less; undefined if there is none. */
  readonly beyond: number | undefined;
}

/**
 * Writes a pooling of planes with Caffe's sizes and divisors. All windows are said by pads and rounded down.
 *
 * MAX is one `MaxPool`; AVE is one `AveragePool` where Caffe counts no padding. Padding that is counted is a `Pad` before it: its zeros
 * count as values, and what a window has beyond them does not. `count_include_pad` would often say the same in one node, but OpenCV ignores
 * it, and ONNX Runtime before 2026 divides wrongly by it where pads differ and the opset is 19 or above.
 *
 * Without padding Caffe's last window may begin beyond the image (kernel 1, stride 2): MAX gives -FLT_MAX and AVE NaN or 0 there; a
 * `Pad` behind the operator adds them. STOCHASTIC, in TEST, is avg(x²)/avg(x), or 0 where the sum of x is not above 0.
 *
 * @param withMask whether MAX gives the index of each maximum in its plane too: `Indices` modulo the plane
 */
export function poolPlanes(
  w: Operators,
  x: Value,
  { method, geometry }: PlanePooling,
  withMask = false,
): { readonly y: Value; readonly mask?: Value } {
  if (method === "MAX") return maxPool(w, x, geometry, withMask);
  if (method === "AVE") return { y: averagePool(w, x, geometry) };
  const sum = averagePool(w, x, geometry);
  const share = w.node("Div", [averagePool(w, w.node("Mul", [x, x]), geometry), sum]);
  const isPositive = w.node("Greater", [sum, w.scalar(0)]);
  return { y: w.node("Where", [isPositive, share, w.scalar(0)]) };
}

function maxPool(w: Operators, x: Value, geometry: PoolGeometry, withMask: boolean): { y: Value; mask?: Value } {
  const axes = axesOf(geometry);
  const beyond = axes.map((axis) => (axis.beyond === undefined ? 0 : 1));
  if (!withMask) {
    const y = isGlobal(geometry) ? w.node("GlobalMaxPool", [x]) : w.node("MaxPool", [x], window(axes));
    return { y: padEnds(w, y, beyond, lowest) };
  }
  const [y = "", indices = ""] = w.nodes("MaxPool", [x], 2, window(axes));
  const [h, width] = geometry.input;
  const mask = w.cast(w.node("Mod", [indices, w.ints([h * width])]), "float");
  return { y: padEnds(w, y, beyond, lowest), mask: padEnds(w, mask, beyond, -1) };
}

/** The sum under each window ÷ its size. */
export function averagePool(w: Operators, x: Value, geometry: PoolGeometry): Value {
  if (isGlobal(geometry)) return w.node("GlobalAveragePool", [x]);
  const axes = axesOf(geometry);
  const countsNoPad = geometry.excludesPad || axes.every(countsNone);
  const y = countsNoPad ? w.node("AveragePool", [x], window(axes)) : averageOfPadded(w, x, axes);
  // 0 ÷ a size below 0 is 0, 0 ÷ 0 is NaN; where both axes are beyond, NaN wins.
  const zero = axes.map(({ beyond = 1 }) => (beyond < 0 ? 1 : 0));
  const nan = axes.map(({ beyond }) => (beyond === 0 ? 1 : 0));
  return padEnds(w, padEnds(w, y, zero, 0), nan, Number.NaN);
}

/** Averages whose divisor counts the padding of both sides, and nothing beyond it. */
function averageOfPadded(w: Operators, x: Value, axes: readonly Axis[]): Value {
  const [before, behind] = [axes.map((axis) => axis.before), axes.map((axis) => axis.behind)];
  const padded = axes.map((axis) => ({ ...axis, size: axis.size + axis.before + axis.behind, before: 0, behind: 0 }));
  return w.node("AveragePool", [w.pad(x, [0, 0, ...before], [0, 0, ...behind])], window(padded));
}

/** Whether Caffe's size of each window is the number of values under it. */
function countsNone({ size, kernel, stride, before, behind, count }: Axis): boolean {
  return Array.from({ length: count }, (_, i) => i * stride - before).every((start) => {
    const end = start + kernel;
    return start >= 0 && Math.min(end, size + behind) === Math.min(end, size);
  });
}

function axesOf({ input, output, kernel, stride, pad, padAfter = pad }: PoolGeometry): readonly Axis[] {
  return ([0, 1] as const).map((axis) => {
    const [size, count] = [input[axis], output[axis]];
    const last = (count - 1) * stride[axis] - pad[axis];
    const isBeyond = last >= size;
    return {
      size,
      kernel: kernel[axis],
      stride: stride[axis],
      before: pad[axis],
      behind: padAfter[axis],
      count: isBeyond ? count - 1 : count,
      beyond: isBeyond ? Math.min(last + kernel[axis], size + padAfter[axis]) - last : undefined,
    };
  });
}

function window(axes: readonly Axis[]) {
  return {
    kernel_shape: axes.map(({ kernel }) => kernel),
    strides: axes.map(({ stride }) => stride),
    pads: [
      ...axes.map(({ before }) => before),
      ...axes.map(({ kernel, ...axis }) => padBehind({ reach: kernel, ...axis })),
    ],
  };
}

/** Whether the only window is the whole image. */
function isGlobal({ input, output, kernel, pad, padAfter = pad }: PoolGeometry): boolean {
  return Math.max(...output) === 1 && Math.max(...pad, ...padAfter) === 0 && input.join() === kernel.join();
}

function padEnds(w: Operators, x: Value, behind: readonly number[], value: number): Value {
  return w.pad(x, [0, 0, 0, 0], [0, 0, ...behind], value);
}
