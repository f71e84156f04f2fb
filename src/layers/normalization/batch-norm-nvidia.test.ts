// Numbers: by hand, from the formulas in the contract.
import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";
import { makeBlob } from "../../proto/binary/blob.js";
import type { NetParameter } from "../../proto/gen/caffe_pb.js";
import { BatchNormLayer } from "./batch-norm.js";
import { BatchNormIntelLayer } from "./batch-norm-intel.js";
import { BatchNormNvidiaLayer } from "./batch-norm-nvidia.js";

const norm = (fields = "scale_bias: true", top = "y", more = "") =>
  `layer { name: "layer" type: "BatchNorm" bottom: "x" top: "${top}" batch_norm_param { ${fields} } ${more} }`;
/** Two images of two channels of two values: channel 0 holds 1 2 3 4, channel 1 holds 10 20 30 40. */
const x = { shape: [2, 2, 2], data: [1, 2, 10, 20, 3, 4, 30, 40] };
const blob = (...data: number[]) => makeBlob([data.length], { data: Float32Array.from(data) });

/** The weights of the layer as a message, with other blobs. */
function withBlobs(message: NetParameter, blobs: ReturnType<typeof blob>[]): NetParameter {
  for (const layer of message.layer) if (layer.name === "layer") layer.blobs = blobs;
  return message;
}

test("normalizes by the batch, times scale, plus bias", async () => {
  const { y } = await runLayer(norm(), { x }, [[0, 0], [0, 0], [1], [2, 1], [1, 0]]);
  expect(y.data[0]).toBeCloseTo((-1.5 / Math.sqrt(1.25 + 1e-5)) * 2 + 1, 5);
  expect(y.data[7]).toBeCloseTo(15 / Math.sqrt(125), 5);
});

test("the first two forwards copy into the averages, the third moves them; a state goes on there", async () => {
  const net = await layerNet(norm("scale_bias: true moving_average_fraction: 0.75 eps: 0.5"), { x: x.shape });
  const [mean, variance, factor] = net.params.get("layer") ?? [];
  const layer = net.layers.find(({ name }) => name === "layer");
  await net.forward({ x: x.data });
  expect([...mean.data, ...variance.data]).toEqual([2.5, 25, 1.75, 125.5]);
  await net.forward({ x: x.data.map((value) => value * 2) });
  expect([...mean.data, ...variance.data]).toEqual([5, 50, 5.5, 500.5]);
  expect(layer?.saveState?.()).toEqual({ forwards: 2 });
  await net.forward({ x: x.data });
  expect([...mean.data, ...variance.data]).toEqual([4.375, 43.75, 4.5625, 406.75]);
  layer?.restoreState?.({ forwards: 1 });
  await net.forward({ x: x.data });
  expect([...mean.data, factor.data[0]]).toEqual([2.5, 25, 1]);
  for (const wrong of [undefined, null, {}, { forwards: 3 }, { forwards: "1" }]) {
    expect(() => layer?.restoreState?.(wrong)).toThrow("must be the number of forwards: 0, 1 or 2");
  }
  await net.dispose();
});

test("in TEST it goes by its averages, whatever use_global_stats says; the factor does not count, and eps is 1e-5 at least", async () => {
  const blobs = [[1, 10], [4 - 1e-5, 25 - 1e-5], [7], [2, 1], [1, 0]];
  const { y } = await runLayer(norm("scale_bias: true use_global_stats: false eps: 1e-9"), { x }, blobs, "TEST");
  [1, 2, 0, 2, 3, 4, 4, 6].forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 5));
});

test("loads the orders of NVIDIA's 0.15 and 0.14", async () => {
  const net = await layerNet(norm(), { x: x.shape });
  const own = [[1, 10], [4, 25], [1], [2, 1], [1, 0]];
  const [m, v, s, g, b] = own.map((data) => blob(...data)) as [ReturnType<typeof blob>, ...ReturnType<typeof blob>[]];
  const four = (data: readonly number[]) => makeBlob([1, data.length, 1, 1], { data: Float32Array.from(data) });
  for (const blobs of [
    [m, v, s, g, b],
    [g, b, m, v, blob(0)],
    [four(own[3]), four(own[4]), four([0]), four(own[0]), four(own[1])],
  ]) {
    net.copyTrainedLayers(withBlobs(net.toMessage(), blobs));
    expect(net.params.get("layer")?.map(({ data }) => [...data])).toEqual(own);
  }
  await net.dispose();
});

test("three blobs are divided by their factor, where it has no scale", async () => {
  const net = await layerNet(norm("eps: 1e-4"), { x: x.shape }, { dialect: "nvcaffe" });
  for (const [factor, times] of [
    [4, 0.25],
    [0, 0],
  ]) {
    net.copyTrainedLayers(withBlobs(net.toMessage(), [blob(4, 8), blob(2, 16), blob(factor)]));
    const expected = [[4 * times, 8 * times], [2 * times, 16 * times], [1]];
    expect(net.params.get("layer")?.map(({ data }) => [...data])).toEqual(expected);
  }
  await net.dispose();
});

test("BVLC's BatchNorm says what five blobs are", async () => {
  const net = await layerNet(norm("eps: 1e-4"), { x: x.shape });
  const message = withBlobs(net.toMessage(), [blob(1, 1), blob(1, 1), blob(1), blob(1, 1), blob(1, 1)]);
  expect(() => net.copyTrainedLayers(message)).toThrow(
    /NVIDIA or Intel's .*scale and shift are inside.*moka fix --weights/,
  );
  await net.dispose();
});

test("lr_mult is 0 for the averages, and 1 for scale and bias, whatever is written", async () => {
  const net = await layerNet(norm(undefined, "y", "param { lr_mult: 3 } ".repeat(5)), { x: x.shape });
  expect(net.learnables.map(({ lrMult, decayMult }) => [lrMult, decayMult])).toEqual([
    ...Array(3).fill([0, 0]),
    ...Array(2).fill([1, 1]),
  ]);
  await net.dispose();
});

describe("which layer a BatchNorm is", () => {
  test.each([
    ["no fields", "eps: 1e-4", {}, BatchNormLayer, 3],
    ["scale_bias", "scale_bias: true", {}, BatchNormNvidiaLayer, 5],
    ["scale_bias: false", "scale_bias: false", { dialect: "bvlc" }, BatchNormLayer, 3],
    ["a filler", "scale_filler { }", {}, BatchNormNvidiaLayer, 5],
    ["bias_filler", "bias_filler { }", {}, BatchNormNvidiaLayer, 5],
    ["the dialect", "", { dialect: "nvcaffe" }, BatchNormNvidiaLayer, 3],
    ["Intel's filler", "filler { } bias_filler { }", {}, BatchNormIntelLayer, 5],
    ["without bias_term", "bias_term: false", {}, BatchNormIntelLayer, 4],
    ["without weights and bias", "use_weight_bias: false", {}, BatchNormLayer, 3],
  ] as const)("%s", async (_, fields, options, wanted, count) => {
    const net = await layerNet(norm(fields), { x: x.shape }, options);
    const layer = net.layers.find(({ name }) => name === "layer");
    expect(layer?.constructor).toBe(wanted);
    expect(layer?.params).toHaveLength(count);
    await net.dispose();
  });
});

describe("Intel's", () => {
  test("goes by M/s and V/s, then scales, and with relu cuts", async () => {
    const blobs = [[2, 20], [8, 50], [2], [2, 1], [-1, 0]];
    const { y } = await runLayer(norm("filler { } relu: true eps: 0"), { x }, blobs, "TEST");
    [0, 0, 0, 2, 1, 2, 4, 6].forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 5));
  });

  test("moves M, V and s as BatchNorm does", async () => {
    const net = await layerNet(norm("use_weight_bias: true moving_average_fraction: 0.5"), { x: x.shape });
    for (let i = 0; i < 2; i++) await net.forward({ x: x.data });
    const [mean, variance, factor] = net.params.get("layer") ?? [];
    expect([mean.data[0], variance.data[0], factor.data[0]]).toEqual([3.75, 2.5, 1.5]);
    await net.dispose();
  });
});

test.each([
  [norm("scale_bias: true", "y", "param {} ".repeat(6)), "has 6 param specs, but 5 parameters"],
  [norm("add_eps_before_sqrt: false"), "add_eps_before_sqrt: false } divides by √V + eps"],
  [norm("disable_mean: true"), "disable_mean: true } leaves the mean in"],
  [norm("stats_batch_size: 1"), "stats_batch_size: 1 } normalizes parts of a batch"],
  [norm("use_global_stats: true update_global_stats: true"), "update_global_stats: true } moves the averages"],
  [norm("relu: true"), "relu: true } puts a ReLU into it, which Moka computes in TEST only"],
])("refuses %s", async (text, expected) => {
  expect(await buildError(text, { x: [2, 3, 2] })).toContain(expected);
});

describe("gradient", () => {
  const values = { 0: [0.3, -0.2, 0.5], 1: [2, 1.5, 0.7], 2: [1], 3: [0.5, 2, -1], 4: [0, 1, 2] };
  test.each([
    ["NVIDIA's", norm()],
    ["in place", norm(undefined, "x")],
    ["Intel's", norm("filler { }")],
    ["Intel's by its averages", norm("filler { } use_global_stats: true")],
    ["Intel's without bias", norm("bias_term: false")],
  ] as const)("%s", async (_, layer) => {
    const { 4: bias, ...others } = values;
    const given = layer.includes("bias_term") ? others : values;
    await checkGradients({
      layer,
      inputs: { x: [4, 3, 2, 2] },
      values: given,
      check: ["x", "3", ...(given === values ? ["4"] : [])],
    });
  });
});

testContract("BatchNorm of NVIDIA's", {
  inputs: { x: imageShape },
  param: "batch_norm_param { scale_bias: true }",
  changes: [],
});
testContract("BatchNorm of Intel's", {
  inputs: { x: imageShape },
  param: "batch_norm_param { filler { type: 'constant' value: 2 } }",
});
