import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "", more = "") =>
  `layer { name: "layer" type: "Reduction" bottom: "x" top: "y" reduction_param { ${param} } ${more} }`;

const x = { shape: [2, 1, 3], data: [1, -2, 4, 0, -5, 3] };

test.each([
  ["", [], [1]],
  ["axis: 1", [2], [3, -2]],
  ["axis: -1", [2, 1], [3, -2]],
  ["axis: 1 coeff: -0.5", [2], [-1.5, 1]],
  ["operation: ASUM axis: 1", [2], [7, 8]],
  ["operation: SUMSQ axis: 1", [2], [21, 34]],
  ["operation: SUMSQ axis: 1 coeff: 2", [2], [42, 68]],
  ["operation: MEAN axis: 1 coeff: 6", [2], [6, -4]],
  ["operation: MEAN coeff: 6", [], [1]],
  ["operation: ASUM axis: 2", [2, 1], [7, 8]],
] as const)("with %j gives shape %j and %j", async (param, shape, data) => {
  expect((await runLayer(layer(param), { x })).y).toEqual({ shape, data });
});

test("leaves its bottom as it is", async () => {
  expect((await runLayer(layer("operation: ASUM"), { x })).x).toEqual(x);
});

test("says which axis there is not", async () => {
  expect(await buildError(layer("axis: 3"), { x: [2, 1, 3] })).toBe(
    '<text>:3:1: layer "layer" (Reduction): reduction_param.axis 3 is out of range for a blob of 3 axes, 2 1 3 (6)',
  );
});

describe("gradient", () => {
  test.each(["SUM", "ASUM", "SUMSQ", "MEAN"])("of %s", async (operation) => {
    for (const param of ["", "axis: 1 coeff: 2.5", "axis: -1"]) {
      await checkGradients({ layer: layer(`operation: ${operation} ${param}`), inputs: { x: [2, 3, 4] }, kinks: [0] });
    }
  });

  test("as a loss", async () => {
    await checkGradients({ layer: layer("operation: SUMSQ", "loss_weight: 0.1"), inputs: { x: [2, 3] } });
  });
});

testContract("Reduction", { inputs: { x: imageShape }, param: "reduction_param { operation: MEAN axis: 1 }" });
testContract("Reduction to a scalar", { inputs: { x: imageShape }, param: "reduction_param { operation: SUMSQ }" });
