import fc from "fast-check";
import { expect, test } from "vitest";
import { ReferenceEngine } from "../../engines/reference/index.js";
import type { KernelName, Kernels } from "../kernels.js";
import { kernelStep, type Step } from "../program.js";
import { Span } from "../span.js";
import { lifetimes, planMemory } from "./plan-memory.js";

const memory = new ReferenceEngine();
const span = (name: string, count = 16) => new Span(name, count, memory);

/** Steps of a layer each. */
const program = (...steps: { [K in KernelName]: [K, Kernels[K]] }[KernelName][]): Step[] =>
  steps.map(([kernel, args], layer) => kernelStep(kernel, args as never, layer));

/** Lives by name: `from-to`. */
const lives = (steps: readonly Step[]) =>
  Object.fromEntries([...lifetimes(steps)].map(([{ name }, { from, to }]) => [name, `${from}-${to}`]));

test("a span lives from its first writer to its last reader, and in place as long as one", () => {
  const [x, a, b] = [span("x"), span("a"), span("b")];
  const steps = program(
    ["tanh", { x, y: a }],
    ["relu", { x: a, y: a, negativeSlope: 0 }],
    ["tanh", { x: a, y: b }],
    ["abs", { x: b, y: x }],
  );
  expect(lives(steps)).toEqual({ a: "0-2", b: "2-3" });
});

test("what is read before all of it is written keeps its own memory", () => {
  const [x, state, sum, y] = [span("x"), span("state"), span("sum"), span("y", 20)];
  const steps = program(
    ["axpby", { x, y: sum, a: 1, b: 1 }],
    ["copy", { x: state, y: state }],
    ["copy", { x, y: y.slice(0, 16) }],
    ["relu", { x: y, y, negativeSlope: 0 }],
  );
  expect(lives(steps)).toEqual({});
});

test("one that is written in parts lives as soon as all are there", () => {
  const [a, b, y, z] = [span("a", 4), span("b", 6), span("y", 10), span("z", 10)];
  const steps = program(
    ["fill", { y: a, value: 1 }],
    ["fill", { y: b, value: 2 }],
    ["copyRows", { x: a, y: y.slice(0, 10), rows: 2, width: 2, xStride: 2, yStride: 5 }],
    ["copyRows", { x: b, y: y.slice(2, 8), rows: 2, width: 3, xStride: 3, yStride: 5 }],
    ["tanh", { x: y, y: z }],
  );
  expect(lives(steps)).toEqual({ a: "0-2", b: "1-3", y: "2-4", z: "4-4" });
});

test("in whatever parts it is written, it lives if what is read of it was there", () => {
  const part = fc.record({
    start: fc.nat(6),
    rows: fc.constantFrom(1, 2, 3, 4),
    width: fc.nat({ max: 11 }),
    even: fc.boolean(),
  });
  const read = fc.record({ start: fc.nat(11), count: fc.integer({ min: 1, max: 12 }) });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), read, (parts, { start, count }) => {
      const [x, y, z] = [span("x", 12), span("y", 12), span("z", 12)];
      const isWritten = Array.from({ length: 12 }, () => false);
      const writes = parts.map(({ start: offset, rows, width: most, even }): Step => {
        const stride = even ? 12 / rows : 5;
        const width = Math.max(0, Math.min(most, stride, 12 - offset - (rows - 1) * stride));
        for (let row = 0; row < rows; row++) {
          for (let i = 0; i < width; i++) isWritten[offset + row * stride + i] = true;
        }
        const places = { x, y: y.tail(offset), rows, width, xStride: 0, yStride: stride };
        return kernelStep("copyRows", places, 0);
      });
      const slice = y.slice(Math.min(start, 12 - count), count);
      const lives = lifetimes([...writes, kernelStep("tanh", { x: slice, y: z.slice(0, count) }, 1)]);
      const isThere = isWritten.slice(slice.offset, slice.offset + count).every(Boolean);
      expect(lives.has(y)).toBe(isThere);
    }),
    { numRuns: 2000 },
  );
});

test("a large span is not looked at one value at a time", () => {
  const [x, y, z] = [span("x", 2 ** 30), span("y", 2 ** 30), span("z", 2 ** 30)];
  const half = (at: number): Kernels["copyRows"] => {
    return { x, y: y.tail(at), rows: 2 ** 20, width: 512, xStride: 512, yStride: 1024 };
  };
  expect(lives(program(["copyRows", half(0)], ["copyRows", half(512)], ["tanh", { x: y, y: z }]))).toMatchObject({
    y: "0-2",
  });
});

test("arguments decide whether a matrix product reads what it writes to", () => {
  const product = (beta: number): Kernels["gemm"] => {
    const [a, b, c] = [span("a", 4), span("b", 4), span("c", 4)];
    return { a, b, c, m: 2, n: 2, k: 2, transA: false, transB: false, alpha: 1, beta };
  };
  expect(lives(program(["gemm", product(0)]))).toEqual({ c: "0-0" });
  expect(lives(program(["gemm", product(1)]))).toEqual({});
  expect(lives(program(["gemm", { ...product(0), m: 1 }], ["gemm", product(1)]))).toEqual({ c: "0-0" });
});

test("the top of a layer outlives its last step", () => {
  const [x, a, b] = [span("x"), span("a"), span("b")];
  const steps = [
    kernelStep("tanh", { x, y: a }, 3),
    kernelStep("tanh", { x, y: b }, 3),
    kernelStep("abs", { x, y: x }, 4),
  ];
  expect(lives(steps)).toEqual({ a: "0-1", b: "1-1" });
});

test("what nobody can look at ends with its last reader", () => {
  const [x, a, b] = [span("x"), span("a"), span("b")];
  const steps = [kernelStep("tanh", { x, y: a }, 3), kernelStep("tanh", { x: a, y: b }, 3)];
  expect(lifetimes(steps).get(a)).toEqual({ from: 0, to: 1 });
  const more = [...steps, kernelStep("abs", { x: b, y: x }, 3)];
  expect(lifetimes(more).get(a)).toEqual({ from: 0, to: 2 });
  expect(lifetimes(more, new Set([a])).get(a)).toEqual({ from: 0, to: 1 });
});

test("a result takes the place of what its step is the last to read, if its kernel can do that", () => {
  const place = (last: [KernelName, unknown], ...more: { [K in KernelName]: [K, Kernels[K]] }[KernelName][]) => {
    const steps = program(["tanh", { x, y: a }], last as never, ["abs", { x: b, y: x }], ...more);
    const { placements, size } = planMemory(steps, new Set([x]));
    const at = new Map(placements.map((each) => [each.span, each]));
    return { size, isOver: at.get(a)?.offset === at.get(b)?.offset, overwritten: at.get(a)?.overwritten };
  };
  const [x, a, b] = [span("x"), span("a"), span("b")];
  expect(place(["relu", { x: a, y: b, negativeSlope: 0 }])).toEqual({ size: 16, isOver: true, overwritten: 1 });
  expect(place(["mul", { a, b: x, y: b }]).isOver).toBe(true);
  expect(place(["lrn", { x: a, scale: span("s"), y: b }]).isOver, "lrn reads neighbours").toBe(false);
  expect(place(["mul", { a, b: a, y: b }]).isOver, "read twice").toBe(false);
  expect(place(["relu", { x: a, y: b, negativeSlope: 0 }], ["abs", { x: a, y: x }]).isOver, "read later").toBe(false);
});

test("a plan says who is overwritten, when", () => {
  const [x, a, b, c] = [span("x", 100), span("a", 100), span("b", 100), span("c", 100)];
  const steps = program(
    ["tanh", { x, y: a }],
    ["tanh", { x: a, y: b }],
    ["tanh", { x: b, y: c }],
    ["tanh", { x: c, y: x }],
  );
  const { placements, size } = planMemory(steps, new Set([x]));
  expect(size).toBe(224); // two of 100, in lines of 16
  expect(placements.map(({ span: { name }, offset, overwritten }) => [name, offset, overwritten])).toEqual([
    ["a", 0, 2],
    ["b", 112, Number.POSITIVE_INFINITY],
    ["c", 0, Number.POSITIVE_INFINITY],
  ]);
  expect(planMemory(steps, new Set([x, a, b, c]))).toEqual({ placements: [], size: 0 });
});
