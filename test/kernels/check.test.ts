// A kernel that is wrong in one way after another: what the checker of cases says of it.
import { afterAll, expect, test } from "vitest";
import type { Compiled, Engine } from "../../src/core/engine.js";
import type { KernelStep } from "../../src/core/program.js";
import type { Span } from "../../src/core/span.js";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { checkCase, runOver } from "./check.js";
import { type Case, kernelCase } from "./maker.js";

const right = new ReferenceEngine(32);
afterAll(() => right.dispose());

/** The reference engine, but for what `spoil` does to the arguments behind each kernel. */
function spoiled(spoil: (args: Readonly<Record<string, Span>>, run: number) => void): Engine {
  let runs = 0;
  return {
    name: "spoiled",
    description: "a spoiled engine, 2 threads",
    bytesUsed: 0,
    has: () => true,
    allocate: (count) => right.allocate(count),
    dispose: async () => {},
    compile(steps: readonly KernelStep[]): Compiled {
      const compiled = right.compile(steps);
      return {
        run(from, to) {
          compiled.run(from, to);
          spoil(steps[0].args as unknown as Record<string, Span>, runs++);
        },
        release: () => compiled.release(),
      };
    },
  };
}

const mul = kernelCase("mul", "three values", (m) => ({
  a: m.values([1, 2, 3]),
  b: m.values([1, 0.5, Number.NaN]),
  y: m.out(3),
}));
const sum = kernelCase("sum", "two spans", (m) => ({
  xs: [m.values([1, 2]), m.values([3, 4])],
  coefficients: [1, 1],
  y: m.out(2),
}));
const inPlace = kernelCase("relu", "in place", (m) => {
  const x = m.values([1, 2]);
  return { x, y: x, negativeSlope: 0 };
});
const behind = (each: Case) => `; ${each.kernel}: ${each.title}; on a spoiled engine, 2 threads`;

/** Where the values of a span and its neighbours lie. */
const around = ({ array }: Span) => new Float32Array(array.buffer, array.byteOffset - 4, array.length + 2);

test.each<[string, Case, (args: Readonly<Record<string, Span>>, run: number) => void]>([
  ["y[2] is 0, not NaN", mul, ({ y }) => y.array.fill(0, 2)],
  ["y[0] is NaN, expected 1", mul, ({ y }) => y.array.fill(Number.NaN, 0, 1)],
  [
    "y[1] is 1.5, expected 1, off by 0.5; relative error of all of y 0.354, tolerance 0.000001",
    mul,
    ({ y }) => y.array.fill(1.5, 1, 2),
  ],
  ["a[1] is 7, was 2, though mul only reads a", mul, ({ a }) => a.array.fill(7, 1, 2)],
  ["y[3] was set to 9, outside of the 3 values of y", mul, ({ y }) => around(y).fill(9, 4)],
  ["b[-1] was set to 9, outside of the 3 values of b", mul, ({ b }) => around(b).fill(9, 0, 1)],
  [
    "y[0] is 1.00000012 the second time, 1 the first time",
    mul,
    ({ y }, run) => run === 1 && y.array.fill(1 + 2 ** -23, 0, 1),
  ],
  [
    "xs[1][0] is 8, was 3, though sum only reads xs[1]",
    sum,
    ({ xs }) => (xs as unknown as readonly Span[])[1].array.fill(8, 0, 1),
  ],
  [
    "y[0] is 2, expected 1, off by 1; relative error of all of y 0.447, tolerance 0.000001",
    inPlace,
    ({ y }) => y.array.fill(2, 0, 1),
  ],
])("%s", (wrong, each, spoil) => {
  expect(() => checkCase(each, spoiled(spoil))).toThrow(wrong + behind(each));
});

test("what is right passes", () => {
  for (const each of [mul, sum, inPlace])
    checkCase(
      each,
      spoiled(() => {}),
    );
});

test("what differs only when memory is shared", () => {
  const engine = spoiled(({ b, y }) => b === y && y.array.fill(5));
  expect(() => runOver(mul, engine)).toThrow(`the bits differ when y and b share memory${behind(mul)}`);
});
