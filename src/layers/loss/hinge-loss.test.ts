import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", more = "") =>
  `layer { name: "layer" type: "HingeLoss" bottom: "x" bottom: "label" top: "loss" hinge_loss_param { ${param} } ${more} }`;
const force = { header: "force_backward: true" };

/** The margins are 1, 0, 0.5 and 0, 1.5, 3. */
const x = { shape: [2, 3], data: [0, -2, -0.5, -1, 0.5, -2] };
const label = { shape: [2], data: [0, 2] };

test.each([
  ["", (1.5 + 4.5) / 2],
  ["norm: L1", (1.5 + 4.5) / 2],
  ["norm: L2", (1.25 + 11.25) / 2],
])("with %j is %d", async (param, value) => {
  expect((await runLayer(layer(param), { x, label })).loss).toEqual({ shape: [], data: [value] });
});

test("takes all axes behind the first as classes", async () => {
  const deep = { shape: [2, 1, 3, 1], data: x.data };
  expect((await runLayer(layer(), { x: deep, label: { shape: [2, 1], data: label.data } })).loss.data).toEqual([3]);
});

test.each([
  ["norm: L1", [-0.5, 0, 0.5, 0, 0.5, -0.5]],
  ["norm: L2", [-1, 0, 0.5, 0, 1.5, -3]],
])("with %j has the gradient %j", async (param, gradient) => {
  const net = await layerNet(layer(param), { x: x.shape, label: [2] }, force);
  await net.forward({ x: x.data, label: label.data });
  await net.backward();
  expect([...(net.blobs.get("x")?.diff ?? [])].map((value) => value + 0)).toEqual(gradient);
  await net.dispose();
});

test("of no rows is 0", async () => {
  const net = await layerNet(layer(), { x: [0, 3], label: [0] }, force);
  await net.forward();
  await net.backward();
  expect(net.loss).toBe(0);
  await net.dispose();
});

describe("errors", () => {
  test("a label out of range", async () => {
    const net = await layerNet(layer(), { x: [2, 3], label: [2] });
    for (const bad of [3, -1]) {
      await expect(net.forward({ label: [0, bad] })).rejects.toMatchObject({
        code: "MOKA_LABEL",
        message: expect.stringContaining(`label ${bad} (number 1 of "label") is not one of its 3 classes, 0 to 2`),
      });
    }
    await net.dispose();
  });

  test("labels that do not fit", async () => {
    expect(await buildError(layer(), { x: [2, 3], label: [2, 3] })).toBe(
      '<text>:4:1: layer "layer" (HingeLoss): scores 2 3 (6) need one label for each of their 2 rows; ' +
        "there are 2 3 (6)",
    );
    expect(await buildError(layer(), { x: [2, 3], label: [3] })).toMatch(/must have the same first axis/);
  });

  test("a gradient asked of the labels", async () => {
    const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "label" bias_param { axis: 0 num_axes: 0 } }';
    const net = await layerNet(up + layer(), { x: [2, 3], raw: [2] });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(/cannot propagate down to its labels "label"$/);
    await net.dispose();
  });
});

test.each(["norm: L1", "norm: L2"])("gradient with %j", async (param) => {
  for (const more of ["", "loss_weight: -2.5"]) {
    await checkGradients({
      layer: layer(param, more),
      inputs: { x: [4, 5], label: [4] },
      values: { label: [0, 4, 2, 2] },
      check: ["x"],
      kinks: [-1, 1],
    });
  }
});

testContract("HingeLoss", { inputs: { x: [2, 3], label: [2] }, param: "hinge_loss_param { norm: L2 }" });
