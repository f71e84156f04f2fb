import { expect, test } from "vitest";
import { ReferenceEngine } from "../engines/reference/index.js";
import type { KernelName, Kernels } from "./kernels.js";
import { kernelStep } from "./program.js";
import { Span } from "./span.js";
import { flopsOf } from "./uses.js";

const span = (count: number) => new Span("x", count, new ReferenceEngine());
const flops = <K extends KernelName>(kernel: K, args: Kernels[K]) => flopsOf(kernelStep(kernel, args, 0));

test("a matrix product takes a multiplication and an addition for each pair", () => {
  const shape = { m: 2, n: 3, k: 5, transA: false, transB: false, alpha: 1, beta: 0 };
  expect(flops("gemm", { a: span(10), b: span(15), c: span(6), ...shape })).toBe(60);
});

test("a convolution takes as many as its windows have values, in its group; its gradients as many", () => {
  const geometry = {
    ...{ n: 2, channels: 4, outputs: 6, group: 2, input: [8, 9], output: [6, 7] },
    ...{ kernel: [3, 3], stride: [1, 1], pad: [0, 0], dilation: [1, 1] },
  };
  const [x, w, y] = [span(576), span(108), span(504)];
  const products = 2 * (2 * 6 * 42 * 2 * 9);
  expect(flops("conv", { x, w, bias: undefined, y, ...geometry })).toBe(products);
  expect(flops("conv", { x, w, bias: span(6), y, ...geometry })).toBe(products + 504);
  expect(flops("convBackwardData", { dy: y, w, dx: x, ...geometry })).toBe(products);
  expect(flops("convBackwardWeights", { x, dy: y, dw: w, ...geometry })).toBe(products);
});

test("elementwise kernels count by value, copies not at all, host steps are not known", () => {
  expect(flops("relu", { x: span(7), y: span(7), negativeSlope: 0 })).toBe(7);
  expect(flops("scale", { x: span(12), scale: span(3), bias: span(3), y: span(12), outer: 2, dim: 3, inner: 2 })).toBe(
    24,
  );
  expect(flops("copy", { x: span(7), y: span(7) })).toBe(0);
  expect(flopsOf({ kind: "host", label: "", layer: 0, run: () => {}, reads: [], writes: [] })).toBeUndefined();
});
