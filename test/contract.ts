// The contract of all layer types, whatever they compute. The test of each type checks it with one or two examples.

import { toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import type { Blob } from "../src/core/blob.js";
import type { Kernels } from "../src/core/kernels.js";
import { type Arity, Layer } from "../src/core/layer.js";
import type { Net } from "../src/core/net.js";
import type { Step } from "../src/core/program.js";
import { LayerParameterSchema } from "../src/proto/gen/caffe_pb.js";
import { Random } from "../src/util/random.js";
import { countOf, type Shape } from "../src/util/shape.js";
import { layerNet } from "./layers.js";
import { poisonSharedMemory } from "./poison.js";

/** A small example of a layer type. */
export interface Example {
  /** Shapes of the bottoms, batch axis first. A bottom whose name starts with `label` gets classes, 0 or 1, the others numbers in [−1, 1). */
  readonly inputs?: Readonly<Record<string, Shape>>;
  /** Names of the tops. Default `y`. */
  readonly tops?: readonly string[];
  /** Other fields of the layer's message. */
  readonly param?: string;
  /** See `LayerContext.cfg`. */
  readonly cfg?: Readonly<Record<string, unknown>>;
  /** Runs before the first forward. */
  readonly prepare?: (net: Net) => void;
  /** Whether the type takes batches of other sizes. Default true. */
  readonly resizes?: boolean;
  /** Parameters that never learn, whatever their `lr_mult`. Default none. */
  readonly fixed?: readonly number[];
  /** The phases in which two forwards differ by design. Default none. */
  readonly changes?: readonly ("TRAIN" | "TEST")[];
}

/** The file name of the examples, for the paths in them. */
const file = "test/golden/train/example/net.prototxt";
/** A small bottom: (N, C, H, W). */
export const imageShape: Shape = [2, 3, 4, 4];

interface Change {
  readonly bottom?: readonly string[];
  readonly top?: readonly string[];
  /** Further fields of the message. */
  readonly param?: string;
  /** A bottom that a learning layer of another type makes, so that it needs a gradient. */
  readonly learned?: string;
  /** Prototxt of layers behind it. */
  readonly after?: string;
}

/** The example of a type as a net, with these changes; its layer is named `layer`. */
async function build(type: string, example: Example, options: Parameters<typeof layerNet>[2], change: Change) {
  const { inputs = {}, tops = ["y"], param = "", prepare } = example;
  const { bottom = Object.keys(inputs), top = tops, learned, after = "" } = change;
  const shapes = bottom.map((name): [string, Shape] => [name === learned ? "raw" : name, inputs[name] ?? [2]]);
  const fields = [...bottom.map((name) => `bottom: "${name}"`), ...top.map((name) => `top: "${name}"`)];
  const text = `layer { name: "layer" type: "${type}" ${fields.join(" ")} ${param} ${change.param ?? ""} }`;
  const learner = `layer { name: "up" type: "Bias" bottom: "raw" top: "${learned}" bias_param { axis: 0 num_axes: 0 } }`;
  const all = (learned ? learner : "") + text + after;
  const net = await layerNet(all, Object.fromEntries(shapes), {
    file,
    ...(example.cfg && { cfg: example.cfg }),
    ...options,
  });
  prepare?.(net);
  return { net, layer: net.layers.find((each) => each.name === "layer") ?? (net.layers.at(-1) as Layer) };
}

const blobs = (net: Net, names: readonly string[]) => names.map((name) => net.blobs.get(name) as Blob);

/** Fills inputs and top diffs with numbers that depend only on their index, and runs forward. */
async function compute(net: Net, layer: Layer): Promise<void> {
  blobs(net, net.inputs).forEach(({ name, data }, i) => {
    if (name.startsWith("label")) data.set(data.map((_, j) => j % 2));
    else new Random(i).uniform(data, -1, 1);
  });
  await net.forward();
  net.clearParamDiffs();
  blobs(net, layer.tops).forEach(({ name, diff }, i) => {
    if (net.lossWeight(name) === 0) new Random(100 + i).uniform(diff, -1, 1);
  });
}

/** The results of `compute` and backward: tops, and the gradients of parameters and of bottoms that have one. */
async function results(net: Net, layer: Layer) {
  await compute(net, layer);
  const tops = blobs(net, layer.tops).map(({ data }) => [...data]);
  await net.backward();
  const learnable = layer.bottoms.filter((_, i) => layer.allowForceBackward(i));
  const gradients = blobs(net, learnable).map(({ diff }) => [...diff]);
  return { tops, gradients, paramGradients: layer.blobs.map(({ diff }) => [...diff]) };
}

const force = { header: "force_backward: true" };
const range = (arity: Arity) => (typeof arity === "number" ? [arity, arity] : arity);
const more = (names: readonly string[], count: number) =>
  Array.from({ length: count }, (_, i) => names[i] ?? `more${i}`);

/** For checks that apply to some layers only. */
const testIf = (applies: boolean): typeof test | (() => void) => (applies ? test : () => {});

/** The multiply-adds of a step that multiplies matrices or convolves; 0 for other steps. */
function productsOf(step: Step): number {
  if (step.kind === "host") return 0;
  if (step.kernel === "gemm") {
    const { m, n, k } = step.args as Kernels["gemm"];
    return m * n * k;
  }
  if (step.kernel !== "conv" && step.kernel !== "convBackwardData") return 0;
  const { n, channels, outputs, group, output, kernel } = step.args as Kernels["conv"];
  return n * outputs * countOf(output) * (channels / group) * countOf(kernel);
}

/**
 * Tests an example of a layer type against the contract of all layers.
 *
 * @param name the type, and the setting if the type has several examples: `ArgMax along an axis`
 */
export function testContract(name: string, example: Example): void {
  describe(`the contract of ${name}`, () => void contractTests(name.replace(/ .*/, ""), example));
}

function contractTests(type: string, example: Example): void {
  const netOf = (options: Parameters<typeof layerNet>[2] = {}, change: Change = {}) =>
    build(type, example, options, change);
  const bottoms = Object.keys(example.inputs ?? {});
  const tops = example.tops ?? ["y"];
  const { resizes = true } = example;

  test("has blobs and parameters of the shapes it declares, by pure functions", async () => {
    const { net, layer } = await netOf();
    const shapes = blobs(net, layer.bottoms).map(({ shape }) => shape);
    const before = toBinary(LayerParameterSchema, layer.message);
    const declared = layer.topShapes(shapes);
    expect(layer.topShapes(shapes)).toEqual(declared);
    expect(toBinary(LayerParameterSchema, layer.message)).toEqual(before);
    expect(blobs(net, layer.tops).map(({ shape }) => shape)).toEqual(declared.slice(0, tops.length));
    expect(layer.blobs.map(({ shape }) => shape)).toEqual(layer.declareParams(shapes).map(({ shape }) => shape));
    await net.dispose();
  });

  test("refuses fewer and more bottoms and tops than it takes", async () => {
    const { net, layer } = await netOf();
    await net.dispose();
    const [minBottoms, maxBottoms] = range(layer.bottomCount);
    const [minTops, maxTops] = range(layer.topCount);
    const wrong: Change[] = [];
    if (minBottoms > 0) wrong.push({ bottom: bottoms.slice(0, minBottoms - 1) });
    if (maxBottoms < Infinity) wrong.push({ bottom: more(bottoms, maxBottoms + 1) });
    if (minTops > 0 && !layer.autoTops) wrong.push({ top: tops.slice(0, minTops - 1) });
    if (maxTops < Infinity) wrong.push({ top: more(tops, maxTops + 1) });
    if (layer.equalCounts) wrong.push({ top: more(tops, tops.length + 1) });
    for (const change of wrong) {
      const building = netOf({}, change);
      await expect(building).rejects.toMatchObject({ code: "MOKA_LAYER", reason: expect.stringMatching(/^needs /) });
    }
  });

  testIf(bottoms.length > 0 && tops.length > 0)("works in place exactly if it says so", async () => {
    const { net, layer } = await netOf(force);
    const building = netOf(force, { top: [bottoms[0], ...tops.slice(1)] });
    if (layer.inPlace) {
      const inPlace = await building;
      expect(await results(inPlace.net, inPlace.layer)).toEqual(await results(net, layer));
      await inPlace.net.dispose();
    } else {
      await expect(building).rejects.toMatchObject({
        code: "MOKA_BLOB",
        reason: expect.stringMatching(/^cannot work in/),
      });
    }
    await net.dispose();
  });

  for (const phase of ["TRAIN", "TEST"] as const) {
    const options = { ...force, phase };
    const changes = example.changes?.includes(phase) ?? false;

    test(`in ${phase} computes the same from the same seed`, async () => {
      const [a, b] = [await netOf(options), await netOf(options)];
      expect(await results(b.net, b.layer)).toEqual(await results(a.net, a.layer));
      await Promise.all([a.net.dispose(), b.net.dispose()]);
    });

    testIf(!changes)(`in ${phase} computes the same twice, and adds to its parameters' gradients`, async () => {
      const { net, layer } = await netOf(options);
      const first = await results(net, layer);
      expect(await results(net, layer)).toEqual(first);
      // The top of Parameter shares data and diff with its parameter, as in Caffe: its gradient is set, not added to.
      const adds = type !== "Parameter";
      await compute(net, layer);
      if (adds) for (const { diff } of layer.blobs) diff.fill(10);
      await net.backward();
      const added = layer.blobs.map(({ diff }) => [...diff]);
      const before = adds ? 10 : 0;
      added.flat().forEach((value, i) => void expect(value).toBeCloseTo(before + first.paramGradients.flat()[i], 4));
      await net.dispose();
    });

    testIf(!changes)(`in ${phase} computes the same with parameters that were saved`, async () => {
      const [trained, fresh] = [await netOf(options), await netOf({ ...options, seed: 42 })];
      for (const { data } of trained.layer.blobs) new Random(7).uniform(data, 0.5, 1);
      fresh.net.copyTrainedLayers(trained.net.toMessage());
      expect(await results(fresh.net, fresh.layer)).toEqual(await results(trained.net, trained.layer));
      await Promise.all([trained.net.dispose(), fresh.net.dispose()]);
    });

    testIf(!changes && resizes && bottoms.length > 0)(`in ${phase} takes batches of another size`, async () => {
      const { net, layer } = await netOf(options);
      for (const n of [5, 1, 2]) {
        const shapes = Object.entries(example.inputs ?? {}).map(([input, [, ...rest]]) => [input, [n, ...rest]]);
        net.reshape(Object.fromEntries(shapes));
        const fresh = await netOf(options);
        fresh.net.reshape(Object.fromEntries(shapes));
        fresh.net.copyTrainedLayers(net.toMessage());
        for (const top of layer.tops) expect(net.blobs.get(top)?.shape).toEqual(fresh.net.blobs.get(top)?.shape);
        expect(await results(net, layer)).toEqual(await results(fresh.net, fresh.layer));
        await fresh.net.dispose();
      }
      await net.dispose();
    });
  }

  testIf(type !== "BatchNorm")("leaves the gradient of a parameter with lr_mult 0 alone", async () => {
    const loss = "loss_weight: 1 ".repeat(tops.length);
    const { net, layer } = await netOf();
    await net.dispose();
    for (const frozen of layer.blobs.keys()) {
      const specs = layer.blobs.map((_, i) => `param { lr_mult: ${i === frozen ? 0 : 1} }`).join(" ");
      const trained = await netOf({}, { param: specs + loss });
      const { paramGradients } = await results(trained.net, trained.layer);
      expect(paramGradients.map((gradient) => gradient.some(Boolean))).toEqual(
        layer.blobs.map((_, i) => i !== frozen && !example.fixed?.includes(i)),
      );
      await trained.net.dispose();
    }
  });

  testIf(bottoms.length > 1 && tops.length > 0)("writes the gradients of those bottoms that need one", async () => {
    for (const learned of bottoms.filter((bottom) => !bottom.startsWith("label"))) {
      const { net, layer } = await netOf({}, { learned, param: "loss_weight: 1 ".repeat(tops.length) });
      if (layer.backward === Layer.prototype.backward) continue;
      await compute(net, layer);
      const diffs = blobs(net, layer.bottoms).map(({ diff }) => diff.fill(7));
      await net.backward();
      expect(diffs.map((diff) => diff.some((value) => value !== 7))).toEqual(
        bottoms.map((bottom) => bottom === learned),
      );
      await net.dispose();
    }
  });

  test("computes the same where memory is shared", async () => {
    const read = (top: string) => `layer { name: "${top}_read" type: "TanH" bottom: "${top}" top: "${top}_out" }`;
    const seen: unknown[] = [];
    for (const shareMemory of [false, true]) {
      const learned = bottoms.find((bottom) => !bottom.startsWith("label"));
      const options = { ...force, keep: "outputs", shareMemory } as const;
      const { net, layer } = await netOf(options, {
        ...(learned && { learned }),
        after: tops.map(read).join(""),
      });
      if (shareMemory) poisonSharedMemory(net);
      for (let i = 0; i < 2; i++) {
        net.inputs.forEach((input, j) => {
          const data = net.blobs.get(input)?.data ?? new Float32Array(0);
          if (input.startsWith("label")) data.set(data.map((_, k) => k % 2));
          else new Random(j).uniform(data, -1, 1);
        });
        seen.push(await net.forward());
        blobs(net, net.outputs).forEach(({ name: output, diff }, j) => {
          if (net.lossWeight(output) === 0) new Random(100 + j).uniform(diff, -1, 1);
        });
        net.clearParamDiffs();
        await net.backward();
        seen.push([...net.params.values(), layer.blobs].flat().map(({ data, diff }) => [...data, ...diff]));
      }
      await net.dispose();
    }
    expect(seen.slice(4)).toEqual(seen.slice(0, 4));
  });

  test("makes no NaN of zeros, forward or backward", async () => {
    const { net, layer } = await netOf(force);
    await net.forward();
    await net.backward();
    for (const { data, diff } of [...net.blobs.values(), ...layer.blobs]) {
      expect([...data, ...diff].every(Number.isFinite)).toBe(true);
    }
    await net.dispose();
  });

  test("says of itself what its program does", async () => {
    const { net, layer } = await netOf({ phase: "TEST" });
    const node = net.nodes.find((each) => each.layer === layer);
    const shapes = node?.bottom.map(({ shape }) => shape) ?? [];
    const steps = net.program("forward").steps.filter((step) => net.layers[step.layer] === layer);
    expect(layer.paramCount, "paramCount").toBe(layer.declareParams(shapes).length);
    expect(layer.multiplyAdds(shapes), "multiplyAdds").toBe(steps.reduce((sum, step) => sum + productsOf(step), 0));
    const shares = node?.bottom[0] !== undefined && node.top[0]?.data.root === node.bottom[0].data.root;
    expect(layer.sharesBottom, "sharesBottom").toBe(shares);
    if (layer.isIdentityInTest) {
      await compute(net, layer);
      expect(node?.top[0].blob.data).toEqual(node?.bottom[0].blob.data);
    }
    await net.dispose();
  });
}
