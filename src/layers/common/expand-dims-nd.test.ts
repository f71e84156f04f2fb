// Numbers: worked out by hand, by the rules of the fork's code.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "ExpandDimsND" bottom: "x" top: "y" expand_dims_nd_param { ${param} } }`;

test.each([
  ["axis: 0", [1, 2, 3]],
  ["axis: 2", [2, 3, 1]],
  ["axis: -1", [2, 3, 1]],
  ["axis: 1 axis: 1", [2, 1, 1, 3]],
  ["axis: 0 axis: -1", [1, 2, 3, 1]],
  ["", [2, 3]],
])("%s gives %j", async (param, shape) => {
  const data = [1, 2, 3, 4, 5, 6];
  expect((await runLayer(layer(param), { x: { shape: [2, 3], data } })).y).toEqual({ shape, data });
});

test("errors", async () => {
  expect(await buildError(layer("axis: 3"), { x: [2, 3] })).toMatch(
    /rising places in its bottom 2 3 .*, 0 to 2; it is 3/,
  );
  expect(await buildError(layer("axis: 1 axis: 0"), { x: [2, 3] })).toMatch(/rising/);
  expect(await buildError(layer("axis: -4"), { x: [2, 3] })).toMatch(/rising/);
});

test("gradient", async () => {
  await checkGradients({ layer: layer("axis: 1"), inputs: { x: [2, 3] } });
});

testContract("ExpandDimsND", { inputs: { x: [2, 3] }, param: "expand_dims_nd_param { axis: 1 }" });
