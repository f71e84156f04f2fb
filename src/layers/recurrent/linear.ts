import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";

// Linear maps of rows, by weights w (outputs, inputs).

/** y = x·wᵀ, added to y if `accumulate` */
export function linear(k: Recorder, x: Span, w: Tensor, y: Span, accumulate = false): void {
  const [n, inputs] = w.shape as [number, number];
  const product = { m: y.count / n, n, k: inputs, transA: false, transB: true, alpha: 1, beta: accumulate ? 1 : 0 };
  k.gemm({ a: x, b: w.data, c: y, ...product });
}

/** dx = dy·w */
export function linearBackward(k: Recorder, dy: Span, w: Tensor, dx: Span): void {
  const [inner, n] = w.shape as [number, number];
  const product = { m: dy.count / inner, n, k: inner, transA: false, transB: false, alpha: 1, beta: 0 };
  k.gemm({ a: dy, b: w.data, c: dx, ...product });
}

/** dw += dyᵀ·x */
export function linearBackwardWeights(k: Recorder, x: Span, dy: Span, w: Tensor): void {
  const [m, n] = w.shape as [number, number];
  const product = { m, n, k: dy.count / m, transA: true, transB: false, alpha: 1, beta: 1 };
  k.gemm({ a: dy, b: x, c: w.diff, ...product });
}

/** y = y + b, row by row */
export function addToRows(k: Recorder, y: Span, b: Span): void {
  k.bias({ x: y, bias: b, y, outer: y.count / b.count, dim: b.count, inner: 1 });
}

/** b = Σ of the rows of y, added to b if `accumulate` */
export function sumRows(k: Recorder, y: Span, b: Span, accumulate: boolean): void {
  k.biasBackward({ dy: y, dbias: b, accumulate, outer: y.count / b.count, dim: b.count, inner: 1 });
}

/** y = x, each row times its number in `multipliers`; may work in place */
export function scaleRows(k: Recorder, x: Span, multipliers: Span, y: Span): void {
  const { count } = multipliers;
  k.scale({ x, scale: multipliers, bias: undefined, y, outer: 1, dim: count, inner: x.count / count });
}
