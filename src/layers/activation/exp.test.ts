import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") =>
  `layer { name: "layer" type: "Exp" bottom: "x" top: "${top}" exp_param { ${param} } }`;

test.each([
  ["", [1, Math.E, 1 / Math.E]],
  ["base: -1 shift: 1", [Math.E, Math.E ** 2, 1]],
  ["base: 2", [1, 2, 0.5]],
  ["base: 10 scale: 2 shift: -1", [0.1, 10, 0.001]],
  ["base: 0.5 scale: 0 shift: 3", [0.125, 0.125, 0.125]],
])("with %j is base^(shift + scale·x)", async (param, expected) => {
  const { y } = await runLayer(layer(param), { x: { shape: [3], data: [0, 1, -1] } });
  expect(y.shape).toEqual([3]);
  expected.forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 5));
});

test("goes to 0 and to infinity, and passes NaN on", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [3], data: [-1000, 1000, Number.NaN] } });
  expect(y.data).toEqual([0, Infinity, Number.NaN]);
});

test.each(["0", "-2", "inf", "nan"])("has no base %s", async (base) => {
  expect(await buildError(layer(`base: ${base}`), { x: [2] })).toMatch(
    /^<text>:3:1: layer "layer" \(Exp\): exp_param.base must be greater than 0, or -1 for e, not /,
  );
});

describe("gradient", () => {
  test.each(["", "base: 2", "scale: -0.5 shift: 0.3", "base: 0.2 scale: 2 shift: 1"])("with %j", async (param) => {
    await checkGradients({ layer: layer(param), inputs: { x: [2, 3, 4] } });
    await checkGradients({ layer: layer(param, "x"), inputs: { x: [2, 3, 4] } });
  });
});

testContract("Exp", { inputs: { x: imageShape }, param: "exp_param { base: 2 scale: 0.5 shift: 1 }" });
