// What every layer type keeps to, whatever it computes. A new type gets an example below.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { afterAll, describe, expect, test } from "vitest";
import type { Blob } from "../../src/core/blob.js";
import { type Arity, Layer } from "../../src/core/layer.js";
import type { Net } from "../../src/core/net.js";
import type { MemoryDataLayer } from "../../src/layers/data/memory-data.js";
import { layers } from "../../src/layers/index.js";
import { LayerParameterSchema } from "../../src/proto/gen/caffe_pb.js";
import { Random } from "../../src/util/random.js";
import type { Shape } from "../../src/util/shape.js";
import { layerNet } from "../layers.js";
import { poisonSharedMemory } from "../poison.js";

/** A small example of a layer type. */
interface Example {
  /** Shapes of the bottoms, the batch first; one named `label` gets classes, 0 or 1, the others numbers in [−1, 1). */
  readonly inputs?: Readonly<Record<string, Shape>>;
  /** Default `y`. */
  readonly tops?: readonly string[];
  /** What else stands in the layer's message. */
  readonly param?: string;
  /** What must be done before the first forward. */
  readonly prepare?: (net: Net) => void;
  /** In which phases two forwards differ by design; default in none. */
  readonly changes?: readonly ("TRAIN" | "TEST")[];
}

/** Where the examples are said to stand, for the paths in them. */
const file = "test/golden/train/example/net.prototxt";
/** For what layers write. */
const folder = mkdtempSync(join(tmpdir(), "moka-contracts-"));
afterAll(() => rmSync(folder, { recursive: true }));
const always = ["TRAIN", "TEST"] as const;
const x = [2, 3, 4, 4];
const uniform = 'filler { type: "uniform" }';
const weights = 'weight_filler { type: "xavier" }';
const conv = `num_output: 2 kernel_size: 3 pad: 1 ${weights}`;

/** By type and, where a type has several ways to work, what is special. */
const examples: Readonly<Record<string, Example>> = {
  AbsVal: { inputs: { x } },
  Accuracy: { inputs: { x: [2, 3], label: [2] }, tops: ["y", "perClass"] },
  ArgMax: { inputs: { x }, param: "argmax_param { out_max_val: true top_k: 3 }" },
  "ArgMax along an axis": { inputs: { x }, param: "argmax_param { axis: 1 }" },
  BNLL: { inputs: { x } },
  BatchNorm: { inputs: { x } },
  BatchReindex: { inputs: { x, label: [2] } },
  Bias: { inputs: { x }, param: `bias_param { ${uniform} }` },
  "Bias of a bottom": { inputs: { x, b: [2, 3] }, param: "bias_param { axis: 0 }" },
  Clip: { inputs: { x }, param: "clip_param { min: -1 max: 1 }" },
  Concat: { inputs: { a: [2, 1, 4], b: [2, 3, 4] } },
  "Concat of one bottom": { inputs: { x } },
  ContrastiveLoss: { inputs: { a: [2, 3], b: [2, 3], label: [2] } },
  Convolution: { inputs: { x }, param: `convolution_param { ${conv} }` },
  "Convolution of two bottoms": { inputs: { a: x, b: x }, tops: ["c", "d"], param: `convolution_param { ${conv} }` },
  Crop: { inputs: { x, reference: [2, 3, 2, 3] }, param: "crop_param { offset: 1 }" },
  Data: {
    tops: ["data", "label"],
    param: 'data_param { source: "../../files/glyphs_test_lmdb" batch_size: 3 backend: LMDB }',
    changes: always,
  },
  "Data of a LevelDB": {
    tops: ["data", "label"],
    param: 'data_param { source: "../../files/glyphs_test_leveldb" batch_size: 3 } transform_param { crop_size: 20 }',
    changes: always,
  },
  Deconvolution: { inputs: { x }, param: `convolution_param { ${conv} }` },
  Dropout: { inputs: { x }, changes: ["TRAIN"] },
  DummyData: {
    tops: ["a", "b"],
    param: 'dummy_data_param { shape { dim: 2 dim: 3 } data_filler { value: 1 } data_filler { type: "uniform" } }',
    changes: always,
  },
  ELU: { inputs: { x } },
  Eltwise: { inputs: { a: x, b: x, c: x } },
  "Eltwise PROD": { inputs: { a: x, b: x, c: x }, param: "eltwise_param { operation: PROD }" },
  "Eltwise MAX": { inputs: { a: x, b: x, c: x }, param: "eltwise_param { operation: MAX }" },
  Embed: { inputs: { label: [2] }, param: `embed_param { input_dim: 3 num_output: 4 ${weights} bias_${uniform} }` },
  EuclideanLoss: { inputs: { a: x, b: x } },
  Exp: { inputs: { x }, param: "exp_param { base: 2 scale: 0.5 shift: 1 }" },
  Filter: { inputs: { a: x, b: [2, 3], label: [2] }, tops: ["c", "d"] },
  Flatten: { inputs: { x } },
  HDF5Data: {
    tops: ["data", "label"],
    param: 'hdf5_data_param { source: "../../files/clusters_train.txt" batch_size: 3 }',
    changes: always,
  },
  HDF5Output: {
    inputs: { data: x, label: [2] },
    tops: [],
    param: `hdf5_output_param { file_name: "${join(folder, "rows.h5")}" }`,
  },
  HingeLoss: { inputs: { x: [2, 3], label: [2] }, param: "hinge_loss_param { norm: L2 }" },
  Im2col: { inputs: { x }, param: "convolution_param { kernel_size: 3 pad: 1 stride: 2 }" },
  // The matrix is whatever is square.
  ImageData: {
    tops: ["data", "label"],
    param:
      'image_data_param { source: "../../../conformance/images/list.txt" batch_size: 2 } ' +
      "transform_param { mirror: true }",
    changes: always,
  },
  InfogainLoss: {
    inputs: { x: [2, 28], label: [2] },
    param: 'infogain_loss_param { source: "../../files/glyphs_mean.binaryproto" }',
  },
  InnerProduct: { inputs: { x }, param: `inner_product_param { num_output: 3 ${weights} }` },
  "InnerProduct transposed": {
    inputs: { x },
    param: `inner_product_param { num_output: 3 transpose: true ${weights} }`,
  },
  Input: { param: "input_param { shape { dim: 2 dim: 3 } }" },
  LRN: { inputs: { x } },
  "LRN within a channel": { inputs: { x }, param: "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }" },
  Log: { inputs: { x }, param: "log_param { base: 10 shift: 3 }" },
  LSTM: { inputs: { x: [2, 1, 3], label: [2, 1] }, param: `recurrent_param { num_output: 2 ${weights} }` },
  LSTMUnit: { inputs: { c: [2, 3, 4], gates: [2, 3, 16], label: [2, 3] }, tops: ["y", "h"] },
  MVN: { inputs: { x } },
  "MVN without variance, across channels": {
    inputs: { x },
    param: "mvn_param { normalize_variance: false across_channels: true }",
  },
  MemoryData: {
    tops: ["data", "label"],
    param: "memory_data_param { batch_size: 1 channels: 2 height: 1 width: 1 }",
    prepare: ({ layers: [layer] }) =>
      (layer as MemoryDataLayer).reset(new Float32Array(4).fill(1), Float32Array.of(5, 6)),
    changes: always,
  },
  MultinomialLogisticLoss: { inputs: { x: [2, 3], label: [2] } },
  PReLU: { inputs: { x } },
  Parameter: { param: "parameter_param { shape { dim: 2 dim: 3 } }" },
  Pooling: { inputs: { x }, tops: ["y", "mask"], param: "pooling_param { kernel_size: 3 stride: 2 }" },
  "Pooling AVE": { inputs: { x }, param: "pooling_param { pool: AVE kernel_size: 3 stride: 2 }" },
  "Pooling STOCHASTIC": {
    inputs: { x },
    param: "pooling_param { pool: STOCHASTIC kernel_size: 3 stride: 2 }",
    changes: ["TRAIN"],
  },
  Power: { inputs: { x }, param: "power_param { power: 2 scale: 0.5 shift: 1 }" },
  "Power of a constant": { inputs: { x }, param: "power_param { power: 0 }" },
  RNN: { inputs: { x: [2, 1, 3], label: [2, 1] }, param: `recurrent_param { num_output: 2 ${weights} }` },
  ReLU: { inputs: { x }, param: "relu_param { negative_slope: 0.1 }" },
  Reduction: { inputs: { x }, param: "reduction_param { operation: MEAN axis: 1 }" },
  "Reduction to a scalar": { inputs: { x }, param: "reduction_param { operation: SUMSQ }" },
  Reshape: { inputs: { x }, param: "reshape_param { shape { dim: 0 dim: -1 dim: 2 } }" },
  SPP: { inputs: { x }, param: "spp_param { pyramid_height: 2 }" },
  Scale: { inputs: { x }, param: `scale_param { bias_term: true ${uniform} }` },
  "Scale by a bottom": { inputs: { x, g: [2, 3] }, param: "scale_param { axis: 0 }" },
  Sigmoid: { inputs: { x } },
  SigmoidCrossEntropyLoss: { inputs: { x: [2, 3], label: [2, 3] } },
  Silence: { inputs: { a: x, b: [2] }, tops: [] },
  Slice: { inputs: { x: [2, 4, 3] }, tops: ["a", "b"] },
  Softmax: { inputs: { x } },
  SoftmaxWithLoss: { inputs: { x: [2, 3], label: [2] } },
  Split: { inputs: { x }, tops: ["a", "b"] },
  Swish: { inputs: { x }, param: "swish_param { beta: 2 }" },
  TanH: { inputs: { x } },
  Threshold: { inputs: { x } },
  Tile: { inputs: { x }, param: "tile_param { tiles: 2 }" },
  "Tile of a whole batch": { inputs: { x }, param: "tile_param { axis: 0 tiles: 3 }" },
  WindowData: {
    tops: ["data", "label"],
    param:
      'window_data_param { source: "../../../conformance/images/windows.txt" batch_size: 4 context_pad: 1 } ' +
      "transform_param { crop_size: 5 mirror: true }",
    changes: always,
  },
};

const typeOf = (example: string) => example.split(" ")[0];

test("there is an example of every registered layer type", () => {
  expect(new Set(Object.keys(examples).map(typeOf))).toEqual(new Set(layers.map(({ type }) => type)));
});

interface Change {
  readonly bottom?: readonly string[];
  readonly top?: readonly string[];
  /** More fields of the message. */
  readonly param?: string;
  /** A bottom to let a layer of another type produce, which learns: it needs a gradient then. */
  readonly learned?: string;
  /** Layers behind it. */
  readonly after?: string;
}

/** The example as a net, with these changes; its layer is named `layer`. */
async function netOf(example: string, options: Parameters<typeof layerNet>[2] = {}, change: Change = {}) {
  const { inputs = {}, tops = ["y"], param = "", prepare } = examples[example];
  const { bottom = Object.keys(inputs), top = tops, learned, after = "" } = change;
  const shapes = bottom.map((name): [string, Shape] => [name === learned ? "raw" : name, inputs[name] ?? [2]]);
  const fields = [...bottom.map((name) => `bottom: "${name}"`), ...top.map((name) => `top: "${name}"`)];
  const text = `layer { name: "layer" type: "${typeOf(example)}" ${fields.join(" ")} ${param} ${change.param ?? ""} }`;
  const learner = `layer { name: "up" type: "Bias" bottom: "raw" top: "${learned}" bias_param { axis: 0 num_axes: 0 } }`;
  const all = (learned ? learner : "") + text + after;
  const net = await layerNet(all, Object.fromEntries(shapes), { file, ...options });
  prepare?.(net);
  return { net, layer: net.layers.find((each) => each.name === "layer") ?? (net.layers.at(-1) as Layer) };
}

const blobs = (net: Net, names: readonly string[]) => names.map((name) => net.blobs.get(name) as Blob);

/** Fills the inputs and the top diffs with numbers that follow from their position, and runs forward and backward. */
async function compute(net: Net, layer: Layer): Promise<void> {
  blobs(net, net.inputs).forEach(({ name, data }, i) => {
    if (name === "label") data.set(data.map((_, j) => j % 2));
    else new Random(i).uniform(data, -1, 1);
  });
  await net.forward();
  net.clearParamDiffs();
  blobs(net, layer.tops).forEach(({ name, diff }, i) => {
    if (net.lossWeight(name) === 0) new Random(100 + i).uniform(diff, -1, 1);
  });
}

/** What comes out of `compute` and a backward: tops, and the gradients of parameters and of bottoms that have one. */
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

/** For what only some layers can be asked. */
const testIf = (applies: boolean): typeof test | (() => void) => (applies ? test : () => {});

describe.each(Object.keys(examples))("%s", (name) => {
  const example = examples[name];
  const bottoms = Object.keys(example.inputs ?? {});
  const tops = example.tops ?? ["y"];

  test("has blobs and parameters of the shapes it declares, by pure functions", async () => {
    const { net, layer } = await netOf(name);
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
    const { net, layer } = await netOf(name);
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
      const building = netOf(name, {}, change);
      await expect(building).rejects.toMatchObject({ code: "MOKA_LAYER", reason: expect.stringMatching(/^needs /) });
    }
  });

  testIf(bottoms.length > 0 && tops.length > 0)("works in place exactly if it says so", async () => {
    const { net, layer } = await netOf(name, force);
    const building = netOf(name, force, { top: [bottoms[0], ...tops.slice(1)] });
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
      const [a, b] = [await netOf(name, options), await netOf(name, options)];
      expect(await results(b.net, b.layer)).toEqual(await results(a.net, a.layer));
      await Promise.all([a.net.dispose(), b.net.dispose()]);
    });

    testIf(!changes)(`in ${phase} computes the same twice, and adds to its parameters' gradients`, async () => {
      const { net, layer } = await netOf(name, options);
      const first = await results(net, layer);
      expect(await results(net, layer)).toEqual(first);
      // The top of Parameter is its parameter, diff and all, as in Caffe: that gradient is set, not added to.
      const adds = name !== "Parameter";
      await compute(net, layer);
      if (adds) for (const { diff } of layer.blobs) diff.fill(10);
      await net.backward();
      const added = layer.blobs.map(({ diff }) => [...diff]);
      const before = adds ? 10 : 0;
      added.flat().forEach((value, i) => void expect(value).toBeCloseTo(before + first.paramGradients.flat()[i], 4));
      await net.dispose();
    });

    testIf(!changes)(`in ${phase} computes the same with parameters that were saved`, async () => {
      const [trained, fresh] = [await netOf(name, options), await netOf(name, { ...options, seed: 42 })];
      for (const { data } of trained.layer.blobs) new Random(7).uniform(data, 0.5, 1);
      fresh.net.copyTrainedLayers(trained.net.toMessage());
      expect(await results(fresh.net, fresh.layer)).toEqual(await results(trained.net, trained.layer));
      await Promise.all([trained.net.dispose(), fresh.net.dispose()]);
    });

    testIf(!changes && bottoms.length > 0)(`in ${phase} takes batches of another size`, async () => {
      const { net, layer } = await netOf(name, options);
      for (const n of [5, 1, 2]) {
        const shapes = Object.entries(example.inputs ?? {}).map(([input, [, ...rest]]) => [input, [n, ...rest]]);
        net.reshape(Object.fromEntries(shapes));
        const fresh = await netOf(name, options);
        fresh.net.reshape(Object.fromEntries(shapes));
        fresh.net.copyTrainedLayers(net.toMessage());
        for (const top of layer.tops) expect(net.blobs.get(top)?.shape).toEqual(fresh.net.blobs.get(top)?.shape);
        expect(await results(net, layer)).toEqual(await results(fresh.net, fresh.layer));
        await fresh.net.dispose();
      }
      await net.dispose();
    });
  }

  testIf(name !== "BatchNorm")("leaves the gradient of a parameter with lr_mult 0 alone", async () => {
    const loss = "loss_weight: 1 ".repeat(tops.length);
    const { net, layer } = await netOf(name);
    await net.dispose();
    for (const frozen of layer.blobs.keys()) {
      const specs = layer.blobs.map((_, i) => `param { lr_mult: ${i === frozen ? 0 : 1} }`).join(" ");
      const trained = await netOf(name, {}, { param: specs + loss });
      const { paramGradients } = await results(trained.net, trained.layer);
      expect(paramGradients.map((gradient) => gradient.some(Boolean))).toEqual(layer.blobs.map((_, i) => i !== frozen));
      await trained.net.dispose();
    }
  });

  testIf(bottoms.length > 1 && tops.length > 0)("writes the gradients of those bottoms that need one", async () => {
    for (const learned of bottoms.filter((bottom) => bottom !== "label")) {
      const { net, layer } = await netOf(name, {}, { learned, param: "loss_weight: 1 ".repeat(tops.length) });
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
      const learned = bottoms.find((bottom) => bottom !== "label");
      const options = { ...force, keep: "outputs", shareMemory } as const;
      const { net, layer } = await netOf(name, options, {
        ...(learned && { learned }),
        after: tops.map(read).join(""),
      });
      if (shareMemory) poisonSharedMemory(net);
      for (let i = 0; i < 2; i++) {
        net.inputs.forEach((input, j) => {
          const data = net.blobs.get(input)?.data ?? new Float32Array(0);
          if (input === "label") data.set(data.map((_, k) => k % 2));
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
    const { net, layer } = await netOf(name, force);
    await net.forward();
    await net.backward();
    for (const { data, diff } of [...net.blobs.values(), ...layer.blobs]) {
      expect([...data, ...diff].every(Number.isFinite)).toBe(true);
    }
    await net.dispose();
  });
});
