// Numbers: by hand; those of the forks themselves are in test/golden/forks/SmoothL1Loss.
import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (bottoms = "ab", param = "") =>
  `layer { name: "layer" type: "SmoothL1Loss" ${[...bottoms].map((each) => `bottom: "${each}"`).join(" ")} top: "loss" ${param} }`;
const a = { shape: [2, 2], data: [1, 2, 3, 4] };
const b = { shape: [2, 2], data: [0.5, 2, 5, 4] };
const weighted = "smooth_l1_loss_param { sigma: 2 } loss_weight: 1";

test("is half the square near 0 and a line beyond, divided by the batch", async () => {
  expect((await runLayer(layer(), { a, b })).loss).toEqual({ shape: [], data: [(0.125 + 1.5) / 2] });
});

test("takes sigma, and weights inside and outside", async () => {
  const i = { shape: [2, 2], data: [0.25, 1, 1, 1] };
  const o = { shape: [2, 2], data: [2, 1, -3, 1] };
  // |d| = 0.125 and 2, with 1/sigma² = 0.25.
  const expected = (2 * 0.5 * 4 * 0.125 ** 2 - 3 * (2 - 0.125)) / 2;
  expect((await runLayer(layer("abio", weighted), { a, b, i, o })).loss.data).toEqual([expected]);
});

test("has weight 1 in SSD's form, and none in Faster R-CNN's unless loss_weight gives one", async () => {
  for (const [param, weight] of [
    ["", 1],
    ["smooth_l1_loss_param { }", 0],
    ["smooth_l1_loss_param { } loss_weight: 2", 2],
  ] as const) {
    const net = await layerNet(layer("ab", param), { a: a.shape, b: b.shape });
    const { loss } = await net.forward({ a: a.data, b: b.data });
    expect([...loss]).toEqual([0.8125]);
    expect(net.loss).toBe(0.8125 * weight);
    await net.dispose();
  }
});

test("passes NaN on, and a batch without rows is 0", async () => {
  const broken = { shape: [2, 2], data: [Number.NaN, 0, 0, 0] };
  expect((await runLayer(layer(), { a: broken, b })).loss.data).toEqual([Number.NaN]);
  const empty = { shape: [0, 2], data: [] };
  expect((await runLayer(layer(), { a: empty, b: empty })).loss.data).toEqual([0]);
});

test("says what does not fit", async () => {
  const shape = [2, 2];
  expect(await buildError(layer(), { a: shape, b: [2, 3] })).toMatch(/one shape; they are 2 2 \(4\), 2 3 \(6\)$/);
  expect(await buildError(layer("abi"), { a: shape, b: shape, i: shape })).toMatch(/needs 2 bottoms, or 4 .*, not 3$/);
  const zero = "smooth_l1_loss_param { sigma: 0 }";
  expect(await buildError(layer("ab", zero), { a: shape, b: shape })).toMatch(/sigma must be above 0, not 0$/);
  const sum = "smooth_l1_loss_param { abssum: false }";
  expect(await buildError(layer("ab", sum), { a: shape, b: shape })).toMatch(/abssum: false, .* is not computed$/);
});

describe("gradient", () => {
  test("of both bottoms", async () => {
    await checkGradients({ layer: layer("ab", "loss_weight: 3"), inputs: { a: [3, 2], b: [3, 2] } });
  });

  test("with weights", async () => {
    const shape = [3, 2];
    const inputs = { a: shape, b: shape, i: shape, o: shape };
    await checkGradients({ layer: layer("abio", weighted), inputs, check: ["a", "b"] });
  });
});

testContract("SmoothL1Loss", { inputs: { a: imageShape, b: imageShape } });
