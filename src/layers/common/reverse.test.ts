// Numbers: worked out by hand, by the rules of the fork's code.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "") => `layer { name: "layer" type: "Reverse" bottom: "x" top: "y" reverse_param { ${param} } }`;
const x = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };

test.each([
  ["", [4, 5, 6, 1, 2, 3]],
  ["axis: 1", [3, 2, 1, 6, 5, 4]],
  ["axis: -1 axis: -1", [3, 2, 1, 6, 5, 4]],
  ["axis: 1 axis: 0", [6, 5, 4, 3, 2, 1]],
])("reverses along %j", async (param, data) => {
  expect((await runLayer(layer(param), { x })).y).toEqual({ shape: [2, 3], data });
});

test("an axis that is not there is an error", async () => {
  expect(await buildError(layer("axis: 2"), { x: [2, 3] })).toMatch(/reverse_param.axis/);
});

test.each(["axis: 0", "axis: 1", "axis: 0 axis: 2"])("gradient along %s", async (param) => {
  await checkGradients({ layer: layer(param), inputs: { x: [2, 3, 2] } });
});

testContract("Reverse", { inputs: { x: [3, 2, 2] } });
