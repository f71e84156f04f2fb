// Numbers: numpy, a * b.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = 'layer { name: "layer" type: "Mul" bottom: "a" bottom: "b" top: "y" }';
const learned = (...shape: readonly number[]) =>
  `layer { name: "layer" type: "Mul" bottom: "a" top: "y" mul_param { ${shape.map((size) => `mul_shape: ${size}`).join(" ")} } }`;
const a = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };

test.each([
  ["the same shape", [2, 3], [1, 0, 2, 0, 3, 0], [2, 3], [1, 0, 6, 0, 15, 0]],
  ["an axis less", [3], [1, 10, 100], [2, 3], [1, 20, 300, 4, 50, 600]],
  ["an axis of size 1", [2, 1], [1, 10], [2, 3], [1, 2, 3, 40, 50, 60]],
  ["a number", [], [2], [2, 3], [2, 4, 6, 8, 10, 12]],
  ["an axis more", [2, 1, 1], [1, -1], [2, 2, 3], [1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6]],
])("multiplies by %s", async (_, shape, data, top, product) => {
  expect((await runLayer(layer, { a, b: { shape, data } })).y).toEqual({ shape: top, data: product });
  expect((await runLayer(layer, { a: { shape, data }, b: a })).y).toEqual({ shape: top, data: product });
});

test("repeats both, each along the axes of the other", async () => {
  const [x, y] = [
    { shape: [2, 1, 2], data: [1, 2, 3, 4] },
    { shape: [1, 3, 1], data: [1, 10, 100] },
  ];
  expect((await runLayer(layer, { a: x, b: y })).y).toEqual({
    shape: [2, 3, 2],
    data: [1, 2, 10, 20, 100, 200, 3, 4, 30, 40, 300, 400],
  });
});

test("with one bottom multiplies by a parameter", async () => {
  expect((await runLayer(learned(3), { a }, [[1, 10, 100]])).y.data).toEqual([1, 20, 300, 4, 50, 600]);
  expect((await runLayer(learned(), { a }, [[3]])).y.data).toEqual([3, 6, 9, 12, 15, 18]);
});

test("errors", async () => {
  expect(await buildError(layer, { a: [2, 3], b: [2] })).toMatch(/equal sizes, or 1, .* they are 2 3 .* and 2/);
});

test.each([
  [
    [2, 3, 2],
    [2, 3, 2],
  ],
  [
    [2, 3, 2],
    [2, 3, 1],
  ],
  [
    [2, 3, 2],
    [3, 1],
  ],
  [
    [2, 3, 2],
    [2, 1, 2],
  ],
  [
    [2, 1, 2],
    [3, 1],
  ],
  [[1], [2, 3]],
])("gradients of %j by %j", async (first, second) => {
  await checkGradients({ layer, inputs: { a: first, b: second } });
});

test("gradients of a parameter", async () => {
  await checkGradients({ layer: learned(3, 1), inputs: { a: [2, 3, 2] } });
  await checkGradients({ layer: learned(2, 3, 2), inputs: { a: [3, 1] } });
  await checkGradients({ layer: learned(2, 1, 2), inputs: { a: [2, 3, 2] } });
});

testContract("Mul", { inputs: { a: [2, 3, 4, 4], b: [2, 3, 1, 1] } });
testContract("Mul by a parameter", { inputs: { a: [2, 3] }, param: "mul_param { mul_shape: 3 }" });
