import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { engines } from "../../../test/golden/engines.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";
import type { Net } from "../../core/net.js";

const layer = 'layer { name: "layer" type: "Filter" bottom: "x" bottom: "pick" top: "y" }';
const force = { header: "force_backward: true" };

const x = { shape: [3, 2], data: [1, 2, 3, 4, 5, 6] };
const given = (data: readonly number[]) => ({ x, pick: { shape: [3], data } });

test("passes on the items whose selector is not 0, in their order", async () => {
  expect((await runLayer(layer, given([1, 0, -0.5]))).y).toEqual({ shape: [2, 2], data: [1, 2, 5, 6] });
  expect((await runLayer(layer, given([1, 2, 3]))).y).toEqual(x);
});

test("filters several blobs of any shape alike", async () => {
  const text = 'layer { name: "layer" type: "Filter" bottom: "x" bottom: "z" bottom: "pick" top: "y" top: "w" }';
  const inputs = { x, z: { shape: [3, 1, 1, 2], data: [7, 8, 9, 10, 11, 12] } };
  const { y, w } = await runLayer(text, { ...inputs, pick: { shape: [3, 1, 1, 1], data: [0, 1, 1] } });
  expect(y).toEqual({ shape: [2, 2], data: [3, 4, 5, 6] });
  expect(w).toEqual({ shape: [2, 1, 1, 2], data: [9, 10, 11, 12] });
});

test("changes its shape from batch to batch, and its gradient goes where the items came from", async () => {
  const net = await layerNet(layer, { x: x.shape, pick: [3] }, force);
  expect(net.blobs.get("y")?.shape).toEqual([3, 2]);
  for (const [pick, gradient] of [
    [
      [0, 1, 0],
      [0, 0, 1, 1, 0, 0],
    ],
    [
      [0, 0, 1],
      [0, 0, 0, 0, 1, 1],
    ],
    [
      [0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ],
    [
      [1, 0, 1],
      [1, 1, 0, 0, 1, 1],
    ],
  ] as const) {
    const { y } = await net.forward({ x: x.data, pick });
    expect([...y]).toEqual(x.data.filter((_, i) => pick[i >> 1] !== 0));
    expect(net.blobs.get("y")?.shape).toEqual([pick.filter(Boolean).length, 2]);
    net.blobs.get("x")?.diff.fill(7);
    net.blobs.get("y")?.diff.fill(1);
    await net.backward();
    expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual(gradient);
  }
  await net.dispose();
});

/** What stands behind a Filter in the net below, on a smaller batch each time. */
const followers = `
  layer { name: "conv" type: "Convolution" bottom: "y" top: "conv"
    convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "norm" type: "LRN" bottom: "pool" top: "norm" }
  layer { name: "ip" type: "InnerProduct" bottom: "norm" top: "ip"
    inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "l" top: "loss" }`;
const filtered = `
  layer { name: "filter" type: "Filter" bottom: "x" bottom: "label" bottom: "pick" top: "y" top: "l" }${followers}`;

const images = Array.from({ length: 4 * 36 }, (_, i) => Math.sin(i * i));
const labels = [2, 0, 1, 2];
const gradients = (net: Net) => net.learnables.map(({ tensor }) => [...tensor.diff.array]);
const near = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => void expect(actual[i]).toBeCloseTo(value, 6));
};

describe.each(Object.entries(engines))("a net behind it, on %s", (_, createEngine) => {
  test.each([[[1, 0, 0, 1]], [[0, 1, 1, 1]], [[0, 0, 1, 0]]])(
    "learns from the items %j as if there were no others",
    async (pick) => {
      const engine = await createEngine();
      const some = pick.flatMap((picked, i) => (picked ? [i] : []));
      const net = await layerNet(filtered, { x: [4, 1, 6, 6], label: [4], pick: [4] }, { engine });
      await net.forward({ x: images, label: labels, pick: [1, 1, 0, 1] }); // another batch before
      await net.backward();
      const alone = await layerNet(followers, { y: [some.length, 1, 6, 6], l: [some.length] }, { engine });
      alone.shareTrainedLayersWith(net);
      net.clearParamDiffs();
      await net.forward({ x: images, label: labels, pick });
      await net.backward();
      await alone.forward({
        y: some.flatMap((item) => images.slice(item * 36, (item + 1) * 36)),
        l: some.map((item) => labels[item]),
      });
      await alone.backward();
      expect(net.loss).toBeCloseTo(alone.loss, 6);
      near(gradients(net).flat(), gradients(alone).flat());
      await alone.dispose();
      await net.dispose();
      await engine.dispose();
    },
  );

  test("learns nothing from a batch of which nothing passes, and goes on", async () => {
    const engine = await createEngine();
    const net = await layerNet(filtered, { x: [4, 1, 6, 6], label: [4], pick: [4] }, { ...force, engine });
    const step = async (pick: readonly number[]) => {
      net.clearParamDiffs();
      await net.forward({ x: images, label: labels, pick });
      await net.backward();
      return { loss: net.loss, gradients: gradients(net), dx: [...(net.blobs.get("x")?.diff ?? [])] };
    };
    const before = await step([1, 0, 1, 0]);
    const nothing = await step([0, 0, 0, 0]);
    expect(nothing.loss).toBe(0);
    expect([...nothing.gradients.flat(), ...nothing.dx].every((value) => value === 0)).toBe(true);
    expect(await step([1, 0, 1, 0])).toEqual(before);
    await net.dispose();
    await engine.dispose();
  });
});

describe("errors", () => {
  test("as many tops as bottoms, or a selector that does not fit", async () => {
    const two = 'layer { name: "layer" type: "Filter" bottom: "x" bottom: "pick" top: "y" top: "z" }';
    expect(await buildError(two, { x: [3, 2], pick: [3] })).toBe(
      '<text>:4:1: layer "layer" (Filter): needs one top for each bottom but the last, the selector: 1, but has 2',
    );
    expect(await buildError(layer, { x: [3, 2], pick: [3, 2] })).toMatch(
      /the selector, its last bottom, must have one value for each item, not 3 2 \(6\)$/,
    );
    expect(await buildError(layer, { x: [3, 2], pick: [2] })).toMatch(
      /all bottoms must have the same first axis; there are 3 2 \(6\), 2 \(2\)$/,
    );
  });

  test("a gradient asked of the selector", async () => {
    const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "pick" bias_param { axis: 0 num_axes: 0 } }';
    const loss = 'layer { name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1 }';
    const net = await layerNet(up + layer + loss, { x: [3, 2], raw: [3] });
    await net.forward();
    await expect(net.backward()).rejects.toThrow('cannot propagate down to its selector "pick"');
    await net.dispose();
  });
});

test("gradient", async () => {
  const loss =
    'layer { name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1 reduction_param { operation: SUMSQ } }';
  await checkGradients({
    layer: layer + loss,
    inputs: { x: [5, 3], pick: [5] },
    values: { pick: [1, 0, 1, 1, 0] },
    check: ["x"],
  });
});

testContract("Filter", { inputs: { a: imageShape, b: [2, 3], label: [2] }, tops: ["c", "d"] });
