import { expect, test } from "vitest";
import { ReferenceEngine } from "../engines/reference/index.js";
import type { KernelName, Kernels } from "./kernels.js";
import { kernelStep } from "./program.js";
import { Span } from "./span.js";
import { flopsOf, type Region, successorsOf, usesOf, valuesIn } from "./uses.js";

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

/** Names of the spans that a kernel reads and writes, with the number of their values. */
function uses<K extends KernelName>(kernel: K, args: Kernels[K]) {
  const { reads, writes } = usesOf(kernelStep(kernel, args, 0));
  const names = (regions: readonly Region[]) => regions.map((region) => `${region.span.name} ${valuesIn(region)}`);
  return { reads: names(reads), writes: names(writes) };
}

const named = (name: string, count: number) => new Span(name, count, new ReferenceEngine());

test("what a kernel reads depends on its arguments", () => {
  const [x, y] = [named("x", 6), named("y", 6)];
  expect(uses("axpby", { x, y, a: 2, b: 0 })).toEqual({ reads: ["x 6"], writes: ["y 6"] });
  expect(uses("axpby", { x, y, a: 2, b: 1 })).toEqual({ reads: ["x 6", "y 6"], writes: ["y 6"] });
  const size = { outer: 1, dim: 2, inner: 3 };
  const [dy, dbias, dscale] = [named("dy", 6), named("dbias", 2), named("dscale", 2)];
  for (const [accumulate, old] of [
    [true, 1],
    [false, 0],
  ] as const) {
    expect(uses("biasBackward", { dy, dbias, accumulate, ...size })).toEqual({
      reads: ["dy 6", ...["dbias 2"].slice(0, old)],
      writes: ["dbias 2"],
    });
    expect(uses("scaleBackward", { x, dy, dscale, accumulate, ...size }).reads).toEqual([
      ...["x 6", "dy 6"],
      ...["dscale 2"].slice(0, old),
    ]);
  }
  const product = { m: 2, n: 2, k: 3, transA: false, transB: false, alpha: 1 };
  const operands = { a: named("a", 6), b: named("b", 6), c: named("c", 9) };
  expect(uses("gemm", { ...operands, ...product, beta: 0 })).toEqual({ reads: ["a 6", "b 6"], writes: ["c 4"] });
  expect(uses("gemm", { ...operands, ...product, beta: 1 }).reads).toEqual(["a 6", "b 6", "c 4"]);
});

test("copied rows are parts of their spans", () => {
  const [x, y] = [named("x", 20), named("y", 30)];
  const step = kernelStep("copyRows", { x, y, rows: 2, width: 3, xStride: 5, yStride: 7 }, 0);
  expect(usesOf(step)).toEqual({
    reads: [{ span: x, rows: 2, width: 3, stride: 5 }],
    writes: [{ span: y, rows: 2, width: 3, stride: 7 }],
  });
});

test("a span that is left out is not used, and each of a list is; an output may lie over each", () => {
  const [a, b, y] = [named("a", 2), named("b", 2), named("y", 2)];
  const sum = { xs: [a, b], coefficients: [1, 1], y };
  expect(uses("sum", sum)).toEqual({ reads: ["a 2", "b 2"], writes: ["y 2"] });
  expect(successorsOf(kernelStep("sum", sum, 0))).toEqual([
    [y, a],
    [y, b],
  ]);
  const scale = { x: a, scale: b, bias: undefined, y, outer: 1, dim: 2, inner: 1 };
  expect(uses("scale", scale)).toEqual({ reads: ["a 2", "b 2"], writes: ["y 2"] });
});
