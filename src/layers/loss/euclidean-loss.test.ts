import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "") =>
  `layer { name: "layer" type: "EuclideanLoss" bottom: "a" bottom: "b" top: "loss" ${param} }`;

const a = { shape: [2, 2], data: [1, 2, 3, 4] };
const b = { shape: [2, 2], data: [1, 0, 0, 0] };

test("is half the squared distance, divided by the batch", async () => {
  const { loss } = await runLayer(layer(), { a, b });
  expect(loss).toEqual({ shape: [], data: [(4 + 9 + 16) / 4] });
});

test("counts in the net's loss with its loss_weight, 1 if none is given", async () => {
  for (const [param, weight] of [
    ["", 1],
    ["loss_weight: 0.5", 0.5],
  ] as const) {
    const net = await layerNet(layer(param), { a: [2, 2], b: [2, 2] });
    const { loss } = await net.forward({ a: a.data, b: b.data });
    expect([...loss]).toEqual([7.25]);
    expect(net.loss).toBe(7.25 * weight);
    await net.dispose();
  }
});

test("needs no name for its top", async () => {
  const net = await layerNet('layer { name: "layer" type: "EuclideanLoss" bottom: "a" bottom: "b" }', {
    a: [2, 2],
    b: [2, 2],
  });
  expect(await net.forward({ a: a.data, b: b.data })).toEqual({});
  expect(net.loss).toBe(7.25);
  await net.dispose();
});

test("takes bottoms of different shapes if they agree in the batch and in the count", async () => {
  const { loss } = await runLayer(layer(), { a, b: { shape: [2, 1, 2], data: b.data } });
  expect(loss.data).toEqual([7.25]);
});

test("says what does not fit", async () => {
  expect(await buildError(layer(), { a: [2, 3], b: [2, 4] })).toBe(
    '<text>:4:1: layer "layer" (EuclideanLoss): both bottoms must have as many values behind the first axis; ' +
      "they are 2 3 (6) and 2 4 (8)",
  );
  expect(await buildError(layer(), { a: [2, 6], b: [4, 3] })).toMatch(/behind the first axis/);
  expect(await buildError(layer(), { a: [2, 3], b: [4, 3] })).toMatch(
    /predictions and targets must have the same first axis; they are 2 3 \(6\) and 4 3 \(12\)$/,
  );
});

describe("gradient", () => {
  test.each(["", "loss_weight: 3", "loss_weight: -0.5"])("of both bottoms, %j", async (param) => {
    await checkGradients({ layer: layer(param), inputs: { a: [3, 2], b: [3, 2] } });
  });
});

test("of a batch without rows is 0", async () => {
  const { loss } = await runLayer('layer { name: "layer" type: "EuclideanLoss" bottom: "a" bottom: "b" top: "loss" }', {
    a: { shape: [0, 2], data: [] },
    b: { shape: [0, 2], data: [] },
  });
  expect(loss.data).toEqual([0]);
});

testContract("EuclideanLoss", { inputs: { a: imageShape, b: imageShape } });
