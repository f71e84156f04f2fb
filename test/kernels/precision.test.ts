// How far single values may be off, which the norms of the cases do not show.
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
