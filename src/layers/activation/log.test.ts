import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") =>
  `layer { name: "layer" type: "Log" bottom: "x" top: "${top}" log_param { ${param} } }`;

test.each([
  ["", [0, Math.log(4), -Math.log(2)]],
  ["base: -1 scale: 2", [Math.log(2), Math.log(8), 0]],
  ["base: 2", [0, 2, -1]],
  ["base: 10 scale: 2 shift: -0.9", [Math.log10(1.1), Math.log10(7.1), -1]],
  ["base: 0.5 scale: 0 shift: 8", [-3, -3, -3]],
])("with %j is log(shift + scale·x)", async (param, expected) => {
  const { y } = await runLayer(layer(param), { x: { shape: [3], data: [1, 4, 0.5] } });
  expect(y.shape).toEqual([3]);
  expected.forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 5));
});

test("is −infinity for 0, and not a number below", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [3], data: [0, -1, Infinity] } });
  expect(y.data).toEqual([-Infinity, Number.NaN, Infinity]);
});

test.each(["0", "-2", "inf", "nan", "1"])("has no base %s", async (base) => {
  expect(await buildError(layer(`base: ${base}`), { x: [2] })).toMatch(
    /^<text>:3:1: layer "layer" \(Log\): log_param.base must (be greater than 0, or -1 for e|not be 1)/,
  );
});

describe("gradient", () => {
  test.each(["shift: 2", "base: 2 shift: 1.5", "scale: -0.5 shift: 2", "base: 0.2 scale: 2 shift: 3"])(
    "with %j",
    async (param) => {
      await checkGradients({ layer: layer(param), inputs: { x: [2, 3, 4] } });
      await checkGradients({ layer: layer(param, "x"), inputs: { x: [2, 3, 4] } });
    },
  );
});

testContract("Log", { inputs: { x: imageShape }, param: "log_param { base: 10 shift: 3 }" });
