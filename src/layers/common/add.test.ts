// Numbers: numpy, a + b.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = 'layer { name: "layer" type: "Add" bottom: "a" bottom: "b" top: "y" }';
const a = { shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };

test.each([
  ["the same shape", [2, 3], [1, 0, 2, 0, 3, 0], [2, 2, 5, 4, 8, 6]],
  ["an axis less", [3], [1, 10, 100], [2, 12, 103, 5, 15, 106]],
  ["an axis of size 1", [2, 1], [1, 10], [2, 3, 4, 14, 15, 16]],
  ["a number", [], [2], [3, 4, 5, 6, 7, 8]],
])("adds %s", async (_, shape, data, sum) => {
  expect((await runLayer(layer, { a, b: { shape, data } })).y).toEqual({ shape: [2, 3], data: sum });
  expect((await runLayer(layer, { a: { shape, data }, b: a })).y).toEqual({ shape: [2, 3], data: sum });
});

test("repeats both, each along the axes of the other", async () => {
  const { y } = await runLayer(layer, { a: { shape: [2, 1], data: [1, 2] }, b: { shape: [1, 2], data: [10, 20] } });
  expect(y).toEqual({ shape: [2, 2], data: [11, 21, 12, 22] });
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
    [2, 1, 2],
  ],
  [
    [2, 1, 2],
    [3, 1],
  ],
  [[1], [2, 3]],
])("gradients of %j and %j", async (first, second) => {
  await checkGradients({ layer, inputs: { a: first, b: second } });
});

testContract("Add", { inputs: { a: [2, 3, 4], b: [2, 3, 1] } });
