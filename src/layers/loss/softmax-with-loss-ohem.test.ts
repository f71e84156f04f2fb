// Numbers: numpy, from the formulas.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "", tops = ["loss", "prob", "each"], type = "SoftmaxWithLossOHEM") =>
  `layer { name: "layer" type: "${type}" bottom: "x" bottom: "label" ${tops.map((top) => `top: "${top}"`).join(" ")} ${param} }`;
const weights = "loss_weight: 1 loss_weight: 0 loss_weight: 0";
const x = { shape: [3, 5, 2], data: Array.from({ length: 30 }, (_, i) => 2 * Math.sin(1.3 * i)) };
const label = { shape: [3, 2], data: [0, 4, -1, 2, 3, 1] };

test("gives the loss of each prediction, 0 where the label is ignored", async () => {
  const options = "loss_param { ignore_label: -1 normalization: PRE_FIXED pre_fixed_normalizer: 4 }";
  const { loss, prob, each } = await runLayer(layer(`${weights} ${options}`), { x, label });
  expect(each?.shape).toEqual([3, 2]);
  const wanted = [2.445235, 3.900816, 0, 1.26933, 0.915484, 4.529298];
  each?.data.forEach((value, i) => void expect(value).toBeCloseTo(wanted[i] ?? Number.NaN, 5));
  expect(loss?.data[0]).toBeCloseTo(13.060164 / 4, 5);
  const plain = await runLayer(layer(`${options} loss_weight: 1 loss_weight: 0`, ["loss", "prob"], "SoftmaxWithLoss"), {
    x,
    label,
  });
  expect([loss, prob]).toEqual([plain.loss, plain.prob]);
});

test("gradient", async () => {
  const values = { label: [0, 1, 2, 1] };
  await checkGradients({
    layer: layer("loss_weight: 2", ["loss"]),
    inputs: { x: [4, 3], label: [4] },
    values,
    check: ["x"],
  });
});

test("says what does not fit", async () => {
  const shapes = { x: [3, 5, 2], label: [3, 2] };
  expect(await buildError(layer(`${weights} loss_param { weight_by_label_freqs: true }`), shapes)).toMatch(
    /is not known here$/,
  );
  expect(await buildError(layer(weights), { ...shapes, label: [3, 3] })).toMatch(/need 6 labels; there are/);
  const far = { ...label, data: [0, 5, 0, 0, 0, 0] };
  await expect(runLayer(layer(weights), { x, label: far })).rejects.toThrow(/label 5/);
});

testContract("SoftmaxWithLossOHEM", { inputs: { x: [2, 3], label: [2] }, tops: ["loss"] });
