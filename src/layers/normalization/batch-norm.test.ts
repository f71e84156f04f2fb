import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";
import { netFromText } from "../../../test/nets.js";

const layer = (param = "", top = "y") => `layer { name: "layer" type: "BatchNorm" bottom: "x" top: "${top}" ${param} }`;
const globally = "batch_norm_param { use_global_stats: true }";
const batchwise = "batch_norm_param { use_global_stats: false }";

/** Two images of two channels of two values: channel 0 holds 1 2 3 4, channel 1 holds 10 20 30 40. */
const x = { shape: [2, 2, 2], data: [1, 2, 10, 20, 3, 4, 30, 40] };

test("normalizes each channel by its own mean and biased variance", async () => {
  const { y } = await runLayer(layer(), { x });
  const unit = [-1.5, -0.5, 0.5, 1.5].map((value) => value / Math.sqrt(1.25));
  const [a, b, c, d] = unit;
  const expected = [a, b, a, b, c, d, c, d];
  for (const [i, value] of y.data.entries()) expect(value).toBeCloseTo(expected[i], 4);
});

test("moves its averages: s = f·s + 1, M = f·M + mean, V = f·V + unbiased variance", async () => {
  const net = await layerNet(layer("batch_norm_param { moving_average_fraction: 0.5 }"), { x: x.shape });
  const [mean, variance, factor] = net.params.get("layer") ?? [];
  expect([mean, variance, factor].map((blob) => blob.shape)).toEqual([[2], [2], [1]]);
  await net.forward({ x: x.data });
  expect([...mean.data, ...variance.data, ...factor.data].map((value) => +value.toFixed(3))).toEqual([
    2.5, 25, 1.667, 166.667, 1,
  ]);
  await net.forward({ x: x.data });
  expect([...mean.data, ...variance.data, ...factor.data].map((value) => +value.toFixed(3))).toEqual([
    3.75, 37.5, 2.5, 250, 1.5,
  ]);
  await net.dispose();
});

test("does not correct the variance of a single value", async () => {
  const net = await layerNet(layer(), { x: [1, 3] });
  await net.forward({ x: [5, 6, 7] });
  const [mean, variance, factor] = net.params.get("layer") ?? [];
  expect([...(net.blobs.get("y")?.data ?? [])]).toEqual([0, 0, 0]);
  expect([...mean.data]).toEqual([5, 6, 7]);
  expect([...variance.data]).toEqual([0, 0, 0]);
  expect([...factor.data]).toEqual([1]);
  await net.dispose();
});

test.each([
  ["TRAIN", "", false],
  ["TEST", "", true],
  ["TRAIN", globally, true],
  ["TEST", batchwise, false],
] as const)("in %s with %j uses global statistics: %s", async (phase, param, global) => {
  const params = [[2, 4], [18, 32], [2]];
  const { y } = await runLayer(layer(param), { x }, params, phase);
  const expected = global ? (1 - 1) / Math.sqrt(9 + 1e-5) : -1.5 / Math.sqrt(1.25 + 1e-5);
  expect(y.data[0]).toBeCloseTo(expected, 5);
});

test("counts empty averages as mean 0 and variance 0", async () => {
  const { y } = await runLayer(layer(globally), { x });
  expect(y.data[0]).toBeCloseTo(1 / Math.sqrt(1e-5), 1);
});

test("takes one to five axes; with one axis there is one channel", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [4], data: [1, 2, 3, 4] } });
  expect(y.data[3]).toBeCloseTo(1.5 / Math.sqrt(1.25), 4);
  const five = await runLayer(layer(), { x: { shape: [2, 1, 1, 1, 2], data: [1, 2, 3, 4] } });
  expect(five.y.data).toEqual(y.data);
});

test("refuses to learn its statistics, and says so", async () => {
  const error = await buildError(layer("param { lr_mult: 1 } param { lr_mult: 0 }"), { x: [2, 3] });
  expect(error).toBe(
    '<text>:3:1: layer "layer" (BatchNorm): param 0 has lr_mult 1: its statistics (mean, variance, factor) are computed, ' +
      "not learned; set lr_mult: 0 or drop its param specs",
  );
});

test("with exactly three specs takes them for the old form, and sets them to 0, as Caffe does", async () => {
  const net = await layerNet(layer("param { lr_mult: 1 } param { lr_mult: 1 } param { lr_mult: 1 }"), { x: [2, 3] });
  expect(net.learnables.map(({ lrMult, decayMult }) => [lrMult, decayMult])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  await net.dispose();
});

test("keeps other numbers of channels out after it is built", async () => {
  const net = await layerNet(layer(), { x: [2, 3] });
  expect(() => net.reshape({ x: [2, 4] })).toThrow(/needs parameter 0 of shape 4 \(4\), but it has 3 \(3\)/);
  await net.dispose();
});

describe("gradient", () => {
  const averages = { 0: [0.3, -0.2, 0.5], 1: [2, 1.5, 0.7], 2: [2] };
  test.each([
    ["batch statistics", layer(), "TRAIN"],
    ["batch statistics in place", layer("", "x"), "TRAIN"],
    ["batch statistics in TEST", layer(batchwise), "TEST"],
    ["global statistics", layer(), "TEST"],
    ["global statistics in place", layer("", "x"), "TEST"],
    ["global statistics in TRAIN", layer(globally), "TRAIN"],
  ] as const)("%s", async (_, text, phase) => {
    await checkGradients({ layer: text, inputs: { x: [4, 3, 2, 2] }, values: averages, check: ["x"], phase });
  });

  test("without spatial axes", async () => {
    await checkGradients({ layer: layer(), inputs: { x: [5, 3] }, check: ["x"] });
  });
});

testContract("BatchNorm", { inputs: { x: imageShape } });

test.each([
  { specs: 0, forced: false, computed: true },
  { specs: 2, forced: false, computed: true },
  { specs: 3, forced: false, computed: false },
  { specs: 3, forced: true, computed: true },
])(
  "with $specs param specs and force_backward: $forced, the gradient below a net that learns nothing is computed: $computed",
  async ({ specs, forced, computed }) => {
    const net = await netFromText(`force_backward: ${forced}
    layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 3 dim: 1 } } }
    layer { name: "n" type: "BatchNorm" bottom: "x" top: "y" ${"param { lr_mult: 0 } ".repeat(specs)} }
    layer { name: "l" type: "Power" bottom: "y" top: "l" loss_weight: 1 power_param { power: 3 } }`);
    await net.forward({ x: [-1, 1, 2] });
    await net.backward();
    const diff = net.blobs.get("x")?.diff ?? [];
    expect(diff.some((value) => value !== 0)).toBe(computed);
    await net.dispose();
  },
);
