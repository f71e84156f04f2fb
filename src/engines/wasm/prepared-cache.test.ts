import { describe, expect, test } from "vitest";
import { blas } from "../../../test/blas.js";
import { relativeError } from "../../../test/golden/engines.js";
import type { ConvGeometry } from "../../core/kernels.js";
import { type KernelStep, kernelStep } from "../../core/program.js";
import { Span } from "../../core/span.js";
import { ReferenceEngine } from "../reference/index.js";
import { WasmEngine } from "./index.js";

const small: ConvGeometry = {
  ...{ n: 1, channels: 66, outputs: 67, group: 1, input: [7, 7], output: [7, 7] },
  ...{ kernel: [3, 3], stride: [1, 1], pad: [1, 1], dilation: [1, 1] },
};
const pointwise: ConvGeometry = { ...small, channels: 200, group: 2, outputs: 202, kernel: [1, 1], pad: [0, 0] };
/** With more tiles than a library is slow at. */
const several: ConvGeometry = { ...small, n: 5, channels: 100, outputs: 100, input: [6, 6], output: [6, 6] };
const larger: ConvGeometry = { ...small, channels: 130, outputs: 131, input: [14, 14], output: [14, 14] };

const engines = {
  wasm: () => WasmEngine.create(),
  "wasm on 3 threads": () => WasmEngine.create({ threads: 3 }),
  ...(blas && { blas: () => WasmEngine.create({ blas, threads: 2 }) }),
};

/** A convolution whose weights may be kept, on an engine. */
function prepare(engine: WasmEngine | ReferenceEngine, geometry: ConvGeometry) {
  const { n, channels, outputs, group, kernel, input } = geometry;
  const positions = n * input.reduce((a, b) => a * b, 1);
  const counts = {
    x: channels * positions,
    w: outputs * (channels / group) * kernel.reduce((a, b) => a * b, 1),
    y: outputs * positions,
  };
  const [x, w, y] = Object.entries(counts).map(([name, count]) => new Span(name, count, engine)) as [Span, Span, Span];
  set(x, noise);
  const step = kernelStep("conv", { x, w, bias: undefined, y, ...geometry }, 0) as KernelStep;
  return { w, y, compiled: engine.compile([step], new Set([w])) };
}

/** Sums of smooth values would cancel, and their errors show. */
const noise = (i: number) => ((i * 2654435761) % 1009) / 504 - 1;

const fill = (w: Span, seed: number) => set(w, (i) => noise(i + 1000 * seed));

function set(span: Span, valueAt: (i: number) => number): void {
  span.array.set(Float32Array.from({ length: span.count }, (_, i) => valueAt(i)));
}

describe.each(Object.entries(engines))("%s", (_, create) => {
  test.each([
    ["tiles of 2×2", small],
    ["tiles of 2×2, of several images", several],
    ["tiles of 4×4", larger],
    ["packed weights of groups", pointwise],
  ])("what is kept of weights follows them: %s", async (_, geometry) => {
    const engine = await create();
    const [kept, reference] = [prepare(engine, geometry), prepare(new ReferenceEngine(), geometry)];
    for (const seed of [1, 1, 2]) {
      for (const { w, compiled } of [kept, reference]) {
        fill(w, seed);
        compiled.run(0, 1);
      }
      kept.compiled.run(0, 1);
      expect(relativeError(kept.y.array, reference.y.array)).toBeLessThan(1e-5);
    }
    // An array that is lent may be written to at any time.
    const [own, others] = [kept.w.lend(), reference.w.lend()];
    for (const factor of [2, -3]) {
      for (const values of [own, others]) for (let i = 0; i < values.length; i += 2) values[i] = factor;
      for (const { compiled } of [kept, reference]) compiled.run(0, 1);
      expect(relativeError(kept.y.array, reference.y.array)).toBeLessThan(1e-5);
    }
    await engine.dispose();
  });

  test("keeps what it has computed while nobody could have changed the weights, and gives the memory back", async () => {
    const engine = await create();
    const before = engine.bytesUsed;
    const { w, y, compiled } = prepare(engine, larger);
    fill(w, 1);
    const values = w.array;
    compiled.run(0, 1);
    const first = y.array.slice();
    // Against the rules: this array was not lent.
    values.fill(0);
    compiled.run(0, 1);
    expect(Buffer.from(y.array.slice().buffer).equals(Buffer.from(first.buffer))).toBe(true);
    compiled.release();
    expect(engine.bytesUsed).toBeGreaterThan(before);
    await engine.dispose();
  });
});
