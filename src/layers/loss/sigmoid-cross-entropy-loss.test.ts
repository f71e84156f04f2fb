import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "") =>
  `layer { name: "layer" type: "SigmoidCrossEntropyLoss" bottom: "x" bottom: "t" top: "loss" ${param} }`;

/** Two items of two scores, whose sigmoids are 3/4, 1/4, 1/2 and 1/2. */
const x = { shape: [2, 2], data: [Math.log(3), -Math.log(3), 0, 0] };
const t = { shape: [2, 2], data: [1, 1, 0, 0.5] };
const losses = [-Math.log(3 / 4), -Math.log(1 / 4), Math.log(2), Math.log(2)];
const total = losses.reduce((a, b) => a + b);

test("is the sum of −t·log p − (1 − t)·log(1 − p), divided by the batch", async () => {
  const { loss } = await runLayer(layer(), { x, t });
  expect(loss.shape).toEqual([]);
  expect(loss.data[0]).toBeCloseTo(total / 2, 6);
});

test("does not overflow, however large the scores", async () => {
  const large = { shape: [1, 4], data: [1000, -1000, 1000, -1000] };
  const { loss } = await runLayer(layer(), { x: large, t: { shape: [1, 4], data: [1, 0, 0, 1] } });
  expect(loss.data).toEqual([2000]);
});

/** Six scores of 0, so that each costs log 2; two targets are ignored. */
const many = { x: { shape: [2, 3], data: Array<number>(6).fill(0) }, t: { shape: [2, 3], data: [0, 1, -1, 1, -1, 0] } };

test.each([
  ["", 6 / 2],
  ["ignore_label: -1", 4 / 2],
  ["ignore_label: -1 normalization: VALID", 4 / 4],
  ["ignore_label: -1 normalization: FULL", 4 / 6],
  ["ignore_label: -1 normalization: BATCH_SIZE", 4 / 2],
  ["ignore_label: -1 normalization: NONE", 4],
  ["ignore_label: -1 normalize: true", 4 / 4],
  ["ignore_label: -1 normalize: false", 4 / 2],
  ["ignore_label: -1 normalize: true normalization: FULL", 4 / 6],
  ["normalization: VALID", 6 / 6],
])("with %j the losses are divided so that %d remain", async (param, share) => {
  const { loss } = await runLayer(layer(`loss_param { ${param} }`), many);
  expect(loss.data[0]).toBeCloseTo(share * Math.log(2), 6);
});

test("with all targets ignored is 0", async () => {
  const { loss } = await runLayer(layer("loss_param { ignore_label: 1 normalization: VALID }"), {
    x,
    t: { shape: [2, 2], data: [1, 1, 1, 1] },
  });
  expect(loss.data).toEqual([0]);
});

describe("errors", () => {
  test("targets that do not fit the scores", async () => {
    expect(await buildError(layer(), { x: [2, 3], t: [2, 2] })).toBe(
      '<text>:4:1: layer "layer" (SigmoidCrossEntropyLoss): needs one target for each score; ' +
        "there are 2 2 (4) for 2 3 (6)",
    );
    expect(await buildError(layer(), { x: [2, 3], t: [3, 2] })).toMatch(/must have the same first axis/);
  });

  test("a gradient asked of the targets", async () => {
    const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "t" bias_param { axis: 0 num_axes: 0 } }';
    const net = await layerNet(up + layer(), { x: [2, 2], raw: [2, 2] });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(/cannot propagate down to its targets "t"/);
    await net.dispose();
  });
});

describe("gradient", () => {
  test.each(["", "loss_weight: 2.5", "loss_param { normalization: FULL }"])("of the scores, %j", async (param) => {
    await checkGradients({
      layer: layer(param),
      inputs: { x: [2, 3], t: [2, 3] },
      values: { t: [0, 1, 0.3, 0.7, 1, 0] },
      check: ["x"],
    });
  });

  test.each(["VALID", "FULL", "BATCH_SIZE", "NONE"])("with ignored targets and normalization: %s", async (mode) => {
    await checkGradients({
      layer: layer(`loss_param { ignore_label: -1 normalization: ${mode} }`),
      inputs: { x: [2, 3], t: [2, 3] },
      values: { t: [0, 1, -1, 1, -1, 0] },
      check: ["x"],
    });
  });
});

testContract("SigmoidCrossEntropyLoss", { inputs: { x: [2, 3], label: [2, 3] } });
