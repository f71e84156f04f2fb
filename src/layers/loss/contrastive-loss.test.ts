import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", more = "") =>
  `layer { name: "layer" type: "ContrastiveLoss" bottom: "a" bottom: "b" bottom: "same" top: "loss" ` +
  `contrastive_loss_param { ${param} } ${more} }`;
const force = { header: "force_backward: true" };

/** Four pairs, 5, 5, 1 and 0 apart; the first is similar, and labels are whole numbers. */
const a = { shape: [4, 2], data: [3, 4, 3, 4, 1, 0, 2, 2] };
const b = { shape: [4, 2], data: [0, 0, 0, 0, 0, 0, 2, 2] };
const same = { shape: [4], data: [-1, 0, 0.9, 0] };

test.each([
  ["", (25 + 0 + 0 + 1) / 8],
  ["margin: 7", (25 + 4 + 36 + 49) / 8],
  ["legacy_version: true", (25 + 0 + 0 + 1) / 8],
  ["legacy_version: true margin: 30", (25 + 5 + 29 + 30) / 8],
])("with %j is %d", async (param, value) => {
  expect((await runLayer(layer(param), { a, b, same })).loss).toEqual({ shape: [], data: [value] });
});

test("has no gradient for equal dissimilar features, nor beyond the margin", async () => {
  const net = await layerNet(layer(), { a: a.shape, b: b.shape, same: [4] }, force);
  await net.forward({ a: a.data, b: b.data, same: same.data });
  await net.backward();
  const positive = (name: string) => [...(net.blobs.get(name)?.diff ?? [])].map((value) => value + 0);
  expect(positive("a")).toEqual([0.75, 1, 0, 0, 0, 0, 0, 0]);
  expect(positive("b")).toEqual([-0.75, -1, 0, 0, 0, 0, 0, 0]);
  await net.dispose();
});

test("of no pairs is 0", async () => {
  const net = await layerNet(layer(), { a: [0, 2], b: [0, 2], same: [0] }, force);
  await net.forward();
  await net.backward();
  expect(net.loss).toBe(0);
  await net.dispose();
});

describe("errors", () => {
  test("features that do not fit", async () => {
    expect(await buildError(layer(), { a: [4, 2], b: [4, 3], same: [4] })).toBe(
      '<text>:5:1: layer "layer" (ContrastiveLoss): features must be (N, C), with the same C; they are 4 2 (8) ' +
        "and 4 3 (12)",
    );
    expect(await buildError(layer(), { a: [4, 2, 2], b: [4, 2, 2], same: [4] })).toMatch(/features must be \(N, C\)/);
    expect(await buildError(layer(), { a: [4, 2], b: [3, 2], same: [4] })).toMatch(/must have the same first axis/);
  });

  test("labels that do not fit", async () => {
    for (const labels of [[3], [4, 2], [8]]) {
      expect(await buildError(layer(), { a: [4, 2], b: [4, 2], same: labels })).toMatch(/4 pairs need one label each/);
    }
  });

  test("a gradient asked of the labels", async () => {
    const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "same" bias_param { axis: 0 num_axes: 0 } }';
    const net = await layerNet(up + layer(), { a: [2, 3], b: [2, 3], raw: [2] });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(/cannot propagate down to its labels "same"$/);
    await net.dispose();
  });
});

describe("gradient of both features", () => {
  const inputs = { a: [6, 3], b: [6, 3], same: [6] };
  const values = { same: [1, 0, 0, 1, 0, 0] };

  test.each([
    ["margin: 3 legacy_version: true", ""],
    ["margin: 0.5 legacy_version: true", "loss_weight: 2"],
  ])("with %j %s", async (param, more) => {
    await checkGradients({ layer: layer(param, more), inputs, values, check: ["a", "b"] });
  });

  // Caffe adds 1e-4 to the distance it divides by.
  test.each(["margin: 3", "margin: 1"])("with %j, but for what Caffe adds", async (param) => {
    await checkGradients({ layer: layer(param), inputs, values, check: ["a", "b"], tolerance: 2e-4 });
  });
});

testContract("ContrastiveLoss", { inputs: { a: [2, 3], b: [2, 3], label: [2] } });
