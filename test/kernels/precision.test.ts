// How far single values may be off, which the norms of the cases do not show.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KernelName, Kernels } from "../../src/core/kernels.js";
import { type KernelStep, kernelStep } from "../../src/core/program.js";
import { Span } from "../../src/core/span.js";
import { WasmEngine } from "../../src/engines/wasm/index.js";

const engine = await WasmEngine.create();

/** What a kernel makes of values. */
function run(kernel: KernelName, values: Float32Array, options: object): Float32Array {
  const x = new Span("x", values.length, engine);
  const y = new Span("y", values.length, engine);
  x.array.set(values);
  const step = kernelStep(kernel, { x, y, ...options } as unknown as Kernels[KernelName], 0);
  engine.compile([step as KernelStep]).run(0, 1);
  const result = Float32Array.from(y.array);
  for (const span of [x, y]) span.release();
  return result;
}

/** In units in the last place of a float; those below the smallest normal one have the same. */
function units(actual: number, wanted: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(wanted))));
  return Math.abs(actual - wanted) / 2 ** (exponent - 23);
}

const count = 100_003;
const ramp = (low: number, high: number) =>
  Float32Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
/** Of all magnitudes. */
const scales = (sign: 1 | -1) => Float32Array.from({ length: count }, (_, i) => sign * 2 ** (7 - (140 * i) / count));

describe("values are off by a few units in the last place at most", () => {
  test.each([
    { kernel: "sigmoid", options: {}, of: (x: number) => 1 / (1 + Math.exp(-x)), most: 3 },
    { kernel: "tanh", options: {}, of: Math.tanh, most: 3 },
    { kernel: "elu", options: { alpha: 1 }, of: (x: number) => (x > 0 ? x : Math.expm1(x)), most: 1 },
    { kernel: "exp", options: { scale: 1, shift: 0 }, of: Math.exp, most: 0.501 },
  ] as const)("$kernel", ({ kernel, options, of, most }) => {
    for (const values of [ramp(-104, 88), ramp(-2, 2), scales(1), scales(-1)]) {
      const results = run(kernel, values, options);
      let worst = { x: 0, off: 0 };
      values.forEach((x, i) => {
        const wanted = of(x);
        if (Math.fround(wanted) === Number.POSITIVE_INFINITY) return;
        const off = units(results[i], wanted);
        if (!(off <= worst.off)) worst = { x, off };
      });
      expect(worst.off, `off at ${worst.x}`).toBeLessThan(most);
    }
  });

  test("softmax of two, one of which has all", () => {
    const values = Float32Array.from(ramp(0, 100), (x) => -x);
    const pairs = Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? 0 : values[i >> 1]));
    const results = run("softmax", pairs, { outer: count, dim: 2, inner: 1 });
    let worst = 0;
    values.forEach((x, i) => {
      worst = Math.max(worst, units(results[2 * i + 1], Math.exp(x) / (1 + Math.exp(x))));
    });
    expect(worst).toBeLessThan(3);
  });
});

describe("powers are those of Math.pow, off by 2e-6 of themselves at most", () => {
  const bases = fc.array(fc.float(), { minLength: 1, maxLength: 40 });
  const exponents = fc.oneof(
    fc.constantFrom(0.5, -0.5, -1, 3, -2, -1.5, 4, 5, -3, 2.5, 16777217, 1e-3),
    fc.float({ min: -8, max: 8, noNaN: true }),
    fc.integer({ min: -20, max: 20 }),
  );
  const special = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    -0,
    1,
    -1,
    2 ** -149,
    -(2 ** -149),
  ];

  /** A product of a power and `factor`; floats may not reach the power where they reach the product. */
  function expectNear(actual: number, base: number, power: number, factor: number): void {
    const wanted = factor * base ** power;
    const title = `${factor} times ${base} to the ${power} is ${actual}, not ${wanted}`;
    const size = Math.max(1, Math.abs(factor));
    const isExact = Object.is(actual, Math.fround(wanted));
    const isNear = Math.abs(actual - wanted) <= 2e-6 * Math.abs(wanted) + size * 2 ** -148;
    const isBeyond =
      Math.abs(base ** power) > 3.4028e38 && Math.abs(actual) > 3.4028e38 * Math.min(1, Math.abs(factor));
    const isSigned = Object.is(Math.sign(actual), Math.sign(wanted)) || (actual === 0 && wanted !== 0);
    expect(isExact || ((isNear || isBeyond) && isSigned), title).toBe(true);
  }

  // −0 is added to bases, as 0 would make 0 of −0.
  test("forward", () => {
    fc.assert(
      fc.property(bases, exponents, (found, power) => {
        const values = Float32Array.from([...special, ...found]);
        const results = run("power", values, { power, scale: 1, shift: -0 });
        values.forEach((x, i) => void expectNear(results[i], x, Math.fround(power), 1));
      }),
      { numRuns: 500 },
    );
  });

  test("backward", () => {
    fc.assert(
      fc.property(bases, exponents, (found, exponent) => {
        const power = Math.fround(exponent);
        if (power === 0) return;
        const values = Float32Array.from([...special, ...found]);
        const x = new Span("x", values.length, engine);
        const dy = new Span("dy", values.length, engine);
        x.array.set(values);
        dy.array.fill(1);
        const args = { x, dy, dx: dy, power, scale: 1, shift: -0 };
        engine.compile([kernelStep("powerBackward", args, 0) as KernelStep]).run(0, 1);
        values.forEach((value, i) => void expectNear(dy.array[i], value, Math.fround(power - 1), power));
        for (const span of [x, dy]) span.release();
      }),
      { numRuns: 500 },
    );
  });
});
