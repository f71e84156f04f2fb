import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (more = "") =>
  `layer { name: "layer" type: "MultinomialLogisticLoss" bottom: "p" bottom: "label" top: "loss" ${more} }`;
const force = { header: "force_backward: true" };

const p = { shape: [2, 2], data: [0.25, 0.75, 0.5, 0.5] };
const label = { shape: [2], data: [1, 0] };

test("is the mean of −log p(label)", async () => {
  const { loss } = await runLayer(layer(), { p, label });
  expect(loss.shape).toEqual([]);
  expect(loss.data[0]).toBeCloseTo(-(Math.log(0.75) + Math.log(0.5)) / 2, 6);
});

test("takes no probability for less than 1e-20", async () => {
  const { loss } = await runLayer(layer(), { p: { shape: [1, 2], data: [0, 1] }, label: { shape: [1], data: [0] } });
  expect(loss.data[0]).toBeCloseTo(20 * Math.log(10), 4);
});

test("has a gradient for the labels' probabilities only", async () => {
  const net = await layerNet(layer(), { p: p.shape, label: [2] }, force);
  await net.forward({ p: p.data, label: label.data });
  net.blobs.get("p")?.diff.fill(7);
  await net.backward();
  const diff = net.blobs.get("p")?.diff ?? [];
  [0, -1 / 1.5, -1, 0].forEach((value, i) => void expect(diff[i]).toBeCloseTo(value, 6));
  await net.dispose();
});

test("of no rows is 0", async () => {
  const net = await layerNet(layer(), { p: [0, 3], label: [0] }, force);
  await net.forward();
  await net.backward();
  expect(net.loss).toBe(0);
  await net.dispose();
});

describe("errors", () => {
  test("a label out of range", async () => {
    const net = await layerNet(layer(), { p: [2, 3], label: [2] });
    await expect(net.forward({ label: [0, 3] })).rejects.toMatchObject({
      code: "MOKA_LABEL",
      message: expect.stringContaining('label 3 (number 1 of "label") is not one of its 3 classes, 0 to 2'),
    });
    await net.dispose();
  });

  test("labels that do not fit", async () => {
    expect(await buildError(layer(), { p: [2, 3], label: [2, 2] })).toMatch(
      /scores 2 3 \(6\) need one label for each of their 2 rows; there are 2 2 \(4\)$/,
    );
  });

  test("a gradient asked of the labels", async () => {
    const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "label" bias_param { axis: 0 num_axes: 0 } }';
    const net = await layerNet(up + layer(), { p: [2, 3], raw: [2] });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(/cannot propagate down to its labels "label"$/);
    await net.dispose();
  });
});

test.each(["", "loss_weight: 3"])("gradient %s", async (more) => {
  const values = { p: [0.1, 0.2, 0.7, 0.6, 0.3, 0.1], label: [2, 1] };
  await checkGradients({ layer: layer(more), inputs: { p: [2, 3], label: [2] }, values, check: ["p"] });
});

testContract("MultinomialLogisticLoss", { inputs: { x: [2, 3], label: [2] } });
