import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") => `layer { name: "layer" type: "Softmax" bottom: "x" top: "${top}" ${param} }`;

/** Of these the exponentials are 1, 2 and 5. */
const logs = [0, Math.log(2), Math.log(5)];

test("is e^x over the sum of all classes", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [1, 3], data: logs } });
  expect(y.shape).toEqual([1, 3]);
  [1, 2, 5].forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value / 8, 6));
});

test.each([
  ["", [1, 2, 2], [0.5, 0.5, 0.5, 0.5]],
  ["softmax_param { axis: 0 }", [2, 2], [0.5, 0.5, 0.5, 0.5]],
  ["softmax_param { axis: -1 }", [2, 2], [0.25, 0.75, 0.25, 0.75]],
  ["softmax_param { axis: 1 }", [2, 2], [0.25, 0.75, 0.25, 0.75]],
  ["softmax_param { axis: -2 }", [1, 2, 2], [0.5, 0.5, 0.5, 0.5]],
])("with %j of shape %j sums along that axis", async (param, shape, expected) => {
  const { y } = await runLayer(layer(param), { x: { shape, data: [0, Math.log(3), 0, Math.log(3)] } });
  expected.forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 6));
});

test("does not overflow", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [2, 2], data: [1e30, -1e30, -1000, -1000] } });
  expect(y.data).toEqual([1, 0, 0.5, 0.5]);
});

test("needs its axis", async () => {
  expect(await buildError(layer(), { x: [3] })).toBe(
    '<text>:3:1: layer "layer" (Softmax): softmax_param.axis 1 is out of range for a blob of 1 axes, 3 (3)',
  );
});

describe("gradient", () => {
  test.each([
    ["of classes", "", [2, 4], "y"],
    ["in place", "", [2, 4], "x"],
    ["at each place of a plane", "", [2, 3, 2], "y"],
    ["along the first axis", "softmax_param { axis: 0 }", [3, 2], "y"],
    ["along the last axis", "softmax_param { axis: -1 }", [2, 2, 3], "x"],
  ] as const)("%s", async (_, param, shape, top) => {
    await checkGradients({ layer: layer(param, top), inputs: { x: shape } });
  });
});

testContract("Softmax", { inputs: { x: imageShape } });
