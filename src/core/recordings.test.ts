import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";
import { ReferenceEngine } from "../engines/reference/index.js";
import { WasmEngine } from "../engines/wasm/index.js";
import type { Shape } from "../util/shape.js";
import type { Engine } from "./engine.js";
import { type PassName, passNames } from "./execution.js";
import { Layer } from "./layer.js";
import type { Net } from "./net.js";
import type { Recorder } from "./recorder.js";
import type { Tensor } from "./tensor.js";

const filler = 'filler { type: "uniform" min: -1 max: 1 }';
const conv = (name: string, bottom: string, top: string) =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${top}" convolution_param { num_output: 3 kernel_size: 3 pad: 1 weight_${filler} bias_${filler} } }`;
const norm = (blob: string, scale = true) =>
  `layer { name: "norm_${blob}" type: "BatchNorm" bottom: "${blob}" top: "${blob}" }
   ${scale ? `layer { name: "scale_${blob}" type: "Scale" bottom: "${blob}" top: "${blob}" scale_param { ${filler} bias_term: true } }` : ""}
   layer { name: "relu_${blob}" type: "ReLU" bottom: "${blob}" top: "${blob}" relu_param { negative_slope: 0.3 } }`;

/** Everything that may be kept from run to run, on both sides of a Filter, and an LSTM over what comes in. */
const text = `
  layer { name: "in" type: "Input" top: "x" top: "pick" top: "seq" top: "cont" input_param {
    shape { dim: 4 dim: 2 dim: 4 dim: 4 } shape { dim: 4 } shape { dim: 3 dim: 2 dim: 4 } shape { dim: 3 dim: 2 } } }
  ${conv("first", "x", "a")} ${norm("a")}
  layer { name: "max" type: "Pooling" bottom: "a" top: "p" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "drop" type: "Dropout" bottom: "p" top: "p" }
  layer { name: "filter" type: "Filter" bottom: "p" bottom: "pick" top: "f" }
  ${conv("second", "f", "b")} ${norm("b", false)}
  layer { name: "mean" type: "Pooling" bottom: "b" top: "m" pooling_param { pool: AVE global_pooling: true } }
  layer { name: "flat" type: "Flatten" bottom: "m" top: "flat" }
  layer { name: "twice" type: "Concat" bottom: "flat" bottom: "flat" top: "both" }
  layer { name: "ip" type: "InnerProduct" bottom: "both" top: "y" inner_product_param { num_output: 2 weight_${filler} } }
  layer { name: "lstm" type: "LSTM" bottom: "seq" bottom: "cont" top: "h" recurrent_param { num_output: 2 weight_${filler} } }`;

interface Run {
  /** Images, and how many of them pass the Filter. */
  readonly batch: number;
  readonly pass: number;
  readonly size: number;
  readonly steps: number;
  readonly streams: number;
}

const runs: fc.Arbitrary<readonly Run[]> = fc.array(
  fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    pass: fc.integer({ min: 1, max: 2 }),
    size: fc.constantFrom(4, 6),
    steps: fc.integer({ min: 1, max: 2 }),
    streams: fc.integer({ min: 1, max: 2 }),
  }),
  { minLength: 3, maxLength: 12 },
);

const noise = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * (seed + 1.7)));

const shapesOf = ({ batch, size, steps, streams }: Run) => {
  return { x: [batch, 2, size, size], pick: [batch], seq: [steps, streams, 4], cont: [steps, streams] };
};

/** One step of training with other inputs and gradients; all that can be seen of it. */
async function train(net: Net, { batch, pass, size, steps, streams }: Run, seed: number): Promise<unknown> {
  net.clearParamDiffs();
  const outputs = await net.forward({
    x: noise(batch * 2 * size * size, seed),
    pick: Float32Array.from({ length: batch }, (_, i) => Number(i < pass)),
    seq: noise(steps * streams * 4, seed),
    cont: Float32Array.from({ length: steps * streams }, (_, i) => Number(i + seed > 1)),
  });
  for (const name of net.outputs) {
    const { diff } = net.blobs.get(name) ?? { diff: new Float32Array(0) };
    diff.set(noise(diff.length, seed + 3));
  }
  await net.backward();
  const gradients = net.learnables.map(({ tensor }) => [...tensor.diff.array]);
  for (const { tensor } of net.learnables) {
    const gradient = tensor.diff.array;
    tensor.data.array.set(tensor.data.array.map((value, i) => value - 0.01 * Math.tanh(gradient[i])));
  }
  const shapes = [...net.blobs.values()].map(String);
  return [outputs, gradients, net.learnables.map(({ tensor }) => [...tensor.data.array]), shapes];
}

/** Expects the same numbers but for rounding, which fusing changes. */
function expectClose(actual: unknown, expected: unknown): void {
  const numbers = (value: unknown): number[] =>
    typeof value === "object" && value !== null ? Object.values(value).flatMap(numbers) : [Number(value)];
  const wanted = numbers(expected);
  for (const [i, value] of numbers(actual).entries()) {
    if (Number.isNaN(wanted[i])) continue;
    expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(2e-3 * Math.max(1, Math.abs(wanted[i])));
  }
}

describe.each([
  ["reference", async () => new ReferenceEngine()],
  ["wasm", () => WasmEngine.create()],
])("on the engine %s", (_, createEngine) => {
  test.each(["all", "outputs"] as const)(
    "with %s kept, a net whose shapes change is as one recorded anew",
    async (keep) => {
      const engine: Engine = await createEngine();
      const load = (passes: readonly PassName[] = passNames) =>
        netFromText(`force_backward: true ${text}`, { engine, keep, seed: 5, passes });
      await fc.assert(
        fc.asyncProperty(runs, async (list) => {
          const [net, anew, plain] = [await load(), await load(), await load([])];
          for (const [seed, run] of list.entries()) {
            net.reshape(shapesOf(run));
            anew.reshape(shapesOf(run));
            // Without shapes, all is recorded again.
            anew.reshape();
            const seen = await train(net, run, seed);
            expect(seen).toEqual(await train(anew, run, seed));
            plain.reshape(shapesOf(run));
            plain.reshape();
            expectClose(seen, await train(plain, run, seed));
          }
          for (const each of [net, anew, plain]) await each.dispose();
        }),
        { numRuns: 12, seed: 3 },
      );
      await engine.dispose();
    },
  );

  test.each(["all", "outputs"] as const)("with %s kept, parts of the net may be run in between", async (keep) => {
    const engine: Engine = await createEngine();
    const load = (passes: readonly PassName[]) =>
      netFromText(`force_backward: true ${text}`, { engine, keep, seed: 5, passes });
    const ends = fc.array(fc.constantFrom(undefined, "first", "norm_a", "max"), { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(runs, ends, fc.boolean(), async (list, to, reshapes) => {
        const [net, plain] = [await load(passNames), await load([])];
        for (const [seed, run] of list.entries()) {
          const all = reshapes ? run : { ...run, batch: 2, size: 4, steps: 1, streams: 1 };
          const seen: unknown[] = [];
          for (const each of [net, plain]) {
            each.reshape(shapesOf(all));
            if (each === plain) each.reshape();
            const x = noise(all.batch * 2 * all.size * all.size, seed);
            if (to[seed]) seen.push(await each.forward({ x }, { to: to[seed] }));
            seen.push(await train(each, all, seed));
          }
          expectClose(seen.slice(0, seen.length / 2), seen.slice(seen.length / 2));
        }
        for (const each of [net, plain]) await each.dispose();
      }),
      { numRuns: 15, seed: 4 },
    );
    await engine.dispose();
  });

  test("a thousand shapes take no more memory than a few", async () => {
    const engine = await createEngine();
    const net = await netFromText(`force_backward: true ${text}`, { engine, keep: "outputs" });
    const used: number[] = [];
    const buffers = new Set<number>();
    for (let i = 0; i < 1000; i++) {
      const run = { batch: 1 + (i % 10), pass: 1, size: 4 + (i % 7), steps: 1 + (i % 13), streams: 1 + (i % 2) };
      net.reshape(shapesOf(run));
      if (i % 10 === 0) await train(net, run, i);
      used.push(engine.bytesUsed);
      const piece = engine.allocate(1);
      buffers.add(piece.array.buffer.byteLength);
      piece.release();
    }
    expect(Math.max(...used.slice(200))).toBeLessThanOrEqual(1.1 * Math.max(...used.slice(0, 200)));
    expect(buffers.size, "what it is a part of does not grow").toBe(1);
    await net.dispose();
    await engine.dispose();
  }, 60_000);
});

/** How often layers recorded forward: counts the calls of one that is the caller's own. */
async function counted(more = ""): Promise<{ net: Net; records: () => number }> {
  const net = await netFromText(`force_backward: true ${text} ${more}`);
  const layer = net.layers.find(({ name }) => name === "second");
  const forward = layer?.forward.bind(layer);
  let count = 0;
  Object.assign(layer ?? {}, {
    forward: (...args: [Recorder, never, never]) => {
      count++;
      forward?.(...args);
    },
  });
  return { net, records: () => count };
}

const small: Run = { batch: 3, pass: 1, size: 4, steps: 1, streams: 1 };

test.each([
  { sizes: [4, 5], records: 6, why: "each as it comes from `reshape`, with all images, and with one and two of them" },
  { sizes: [4, 5, 6], records: 27, why: "nine in turns are one more than are kept" },
])("shapes seen before are not recorded again, up to eight of them: $records of $sizes", async ({ sizes, records }) => {
  const { net, records: counts } = await counted();
  for (let round = 0; round < 3; round++) {
    for (const size of sizes) {
      net.reshape(shapesOf({ ...small, size }));
      for (const pass of [1, 2]) await train(net, { ...small, size, pass }, 0);
    }
  }
  expect(counts()).toBe(records);
  await net.dispose();
});

test("alternating shapes record once each", async () => {
  const { net, records } = await counted();
  for (let round = 0; round < 5; round++) {
    for (const batch of [2, 3]) {
      net.reshape(shapesOf({ ...small, batch }));
      await train(net, { ...small, batch, pass: batch }, 0);
    }
  }
  expect(records()).toBe(2);
  await net.dispose();
});

/** y = 3·x + N for a bottom of shape (N, …): it relies on a call of `forward` at each change of shapes. */
class Own extends Layer {
  override readonly bottomCount = 1;
  override readonly topCount = 1;
  #items = 0;

  override topShapes([x]: readonly [Shape]): readonly Shape[] {
    return [x];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    this.#items = x.shape[0] ?? 0;
    const three = k.span("three", x.count);
    three.array.fill(3);
    this.check(this.#items < 4, "MOKA_SHAPE", "takes at most 3 items");
    k.mul({ a: x.data, b: three, y: y.data });
    const add = () => y.data.array.set(y.data.array.map((value) => value + this.#items));
    k.host("add", add, { reads: [y.data], writes: [y.data] });
  }
}

test("the user's own layers may keep sizes in fields and fill spans as they record, whatever shapes return", async () => {
  for (const keep of ["all", "outputs"] as const) {
    const engine = new ReferenceEngine();
    const own = `layer { name: "in" type: "Input" top: "x" top: "pick" input_param { shape { dim: 2 } shape { dim: 2 } } }
      layer { name: "filter" type: "Filter" bottom: "x" bottom: "pick" top: "f" }
      layer { name: "own" type: "Own" bottom: "f" top: "y" }`;
    const net = await netFromText(own, { engine, keep, own: { Own } });
    const used: number[] = [];
    for (let round = 0; round < 6; round++) {
      for (const [batch, pass] of [
        [2, 2],
        [3, 1],
        [3, 3],
      ] as const) {
        net.reshape({ x: [batch], pick: [batch] });
        const pick = Float32Array.from({ length: batch }, (_, i) => Number(i < pass));
        expect((await net.forward({ x: new Float32Array(batch).fill(1), pick })).y).toEqual(
          new Float32Array(pass).fill(3 + pass),
        );
      }
      used.push(engine.bytesUsed);
    }
    expect(new Set(used).size, "versions that cannot return are not kept").toBe(1);
    await net.dispose();
    expect(engine.bytesUsed).toBe(0);
    await engine.dispose();
  }
});

test("a net with the user's own layer records again for the shapes that are there", async () => {
  const own = `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 } } }
    layer { name: "own" type: "Own" bottom: "x" top: "y" }`;
  const net = await netFromText(own, { own: { Own } });
  const layer = net.layers[1] as Own;
  layer.forward = (k, [x], [y]) => void k.copy({ x: x.data, y: y.data });
  net.reshape({ x: [2] });
  expect((await net.forward({ x: [1, 2] })).y).toEqual(new Float32Array([1, 2]));
  await net.dispose();
});

test("shapes that the user's own layer refuses as it records leave nothing behind", async () => {
  for (const runsBefore of [false, true]) {
    const own = `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 } } }
      layer { name: "own" type: "Own" bottom: "x" top: "y" }`;
    const engine = new ReferenceEngine();
    const net = await netFromText(own, { engine, own: { Own } });
    if (runsBefore) await net.forward();
    expect(() => net.reshape({ x: [4] })).toThrow("takes at most 3 items");
    net.reshape({ x: [2] });
    expect((await net.forward({ x: [1, 2] })).y).toEqual(new Float32Array([5, 8]));
    await net.dispose();
    expect(engine.bytesUsed).toBe(0);
  }
});

test("reshape without shapes records again; with those that are there, it does nothing", async () => {
  const { net, records } = await counted();
  net.reshape(shapesOf(small));
  net.reshape(shapesOf(small));
  expect(records()).toBe(1);
  net.reshape();
  expect(records()).toBe(2);
  await net.dispose();
});

test("a shape that a layer refuses leaves the net as it was", async () => {
  for (const keep of ["all", "outputs"] as const) {
    const [net, other] = [await netFromText(text, { keep }), await netFromText(text, { keep })];
    for (const each of [net, other]) each.reshape(shapesOf(small));
    const before = [await train(net, small, 0), await train(other, small, 0)];
    expect(before[0]).toEqual(before[1]);
    expect(() => net.reshape({ x: [3, 5, 4, 4] })).toThrow(expect.objectContaining({ code: "MOKA_SHAPE" }));
    expect(net.blobs.get("x")?.shape).toEqual([3, 2, 4, 4]);
    expect(await train(net, small, 1)).toEqual(await train(other, small, 1));
    await net.dispose();
    await other.dispose();
  }
});

test("values of blobs whose count stays the same survive, though the shape was seen before", async () => {
  const net = await netFromText(text);
  const seen: number[][] = [];
  for (const [batch, steps] of [
    [1, 1],
    [2, 2],
    [1, 2],
    [1, 1],
  ]) {
    net.reshape(shapesOf({ ...small, batch, steps }));
    if (batch === 1 && steps === 2) net.blobs.get("x")?.data.fill(7);
    seen.push([...(net.blobs.get("x")?.data ?? [])]);
  }
  expect(seen[3]).toEqual(Array(32).fill(7));
  await net.dispose();
});

test("the state of an LSTM is restored by the shapes of now", async () => {
  const net = await netFromText(text);
  const lstm = net.layers.find(({ name }) => name === "lstm");
  for (const streams of [1, 2, 1]) {
    net.reshape(shapesOf({ ...small, streams }));
    await train(net, { ...small, streams }, 1);
  }
  lstm?.restoreState?.(lstm.saveState?.());
  expect(() => lstm?.restoreState?.([Array(4).fill(0), Array(4).fill(0)])).toThrow(/2 lists of 2 numbers/);
  await net.dispose();
});

test("versions that are not in use have no memory while the engine has much in use", async () => {
  const engine = new ReferenceEngine();
  const own = Object.getOwnPropertyDescriptor(ReferenceEngine.prototype, "bytesUsed")?.get;
  const bytes = () => Number(own?.call(engine));
  Object.defineProperty(engine, "bytesUsed", { get: () => bytes() + 2 ** 30 });
  for (const keep of ["all", "outputs"] as const) {
    const [net, other] = [await netFromText(text, { engine, keep }), await netFromText(text, { keep })];
    const before = bytes();
    const taken: number[] = [];
    for (const size of [4, 9, 4, 9, 4]) {
      const run = { ...small, size, pass: 3 };
      for (const each of [net, other]) each.reshape(shapesOf(run));
      expect(await train(net, run, size)).toEqual(await train(other, run, size));
      taken.push(bytes() - before);
    }
    expect(taken.slice(2)).toEqual([taken[0], taken[1], taken[0]]);
    expect(taken[1]).toBeGreaterThan(taken[0]);
    await net.dispose();
    await other.dispose();
  }
});

test("a gradient that a layer has not is refused for all shapes", async () => {
  const net = await netFromText(`
    layer { name: "in" type: "Input" top: "x" top: "pick" input_param { shape { dim: 4 dim: 2 } shape { dim: 4 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 2 weight_${filler} } }
    layer { name: "threshold" type: "Threshold" bottom: "a" top: "b" }
    layer { name: "filter" type: "Filter" bottom: "b" bottom: "pick" top: "f" }
    layer { name: "sum" type: "Reduction" bottom: "f" top: "y" loss_weight: 1 }`);
  for (const pick of [
    [1, 1, 1, 1],
    [1, 0, 1, 0],
    [1, 1, 1, 1],
  ]) {
    await net.forward({ x: noise(8, 0), pick });
    await expect(net.backward()).rejects.toThrow(/"threshold".*has no gradient/);
  }
  await net.dispose();
});
