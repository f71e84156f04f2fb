// Numbers: worked out by hand, by the rules of the fork's code.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (...dim: readonly number[]) =>
  `layer { name: "layer" type: "Transpose" bottom: "x" top: "y" transpose_param { ${dim.map((axis) => `dim: ${axis}`).join(" ")} } }`;

test("puts axes in another order", async () => {
  const x = { shape: [1, 2, 3], data: [1, 2, 3, 4, 5, 6] };
  expect((await runLayer(layer(2, 0, 1), { x })).y).toEqual({ shape: [3, 1, 2], data: [1, 4, 2, 5, 3, 6] });
  expect((await runLayer(layer(0, 1, 2), { x })).y).toEqual(x);
});

test.each([[[0, 1]], [[0, 1, 1]], [[0, 1, 3]], [[-1, 0, 1]], [[]]])("refuses %j", async (dim) => {
  expect(await buildError(layer(...dim), { x: [1, 2, 3] })).toMatch(/must name each axis of its bottom 1 2 3 .* once/);
});

test("gradient", async () => {
  await checkGradients({ layer: layer(2, 0, 3, 1), inputs: { x: [2, 3, 2, 4] } });
});

testContract("Transpose", { inputs: { x: [2, 3, 4] }, param: "transpose_param { dim: 1 dim: 2 dim: 0 }" });
