import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = 'layer { name: "layer" type: "Axpy" bottom: "a" bottom: "x" bottom: "y" top: "z" }';

test.each([[[1, 2]], [[1, 2, 1, 1]]])("is a·x + y, a of shape %j", async (shape) => {
  const { z } = await runLayer(layer, {
    a: { shape, data: [2, -1] },
    x: { shape: [1, 2, 1, 3], data: [1, 2, 3, 4, 5, 6] },
    y: { shape: [1, 2, 1, 3], data: [10, 10, 10, 20, 20, 20] },
  });
  expect(z).toEqual({ shape: [1, 2, 1, 3], data: [12, 14, 16, 16, 15, 14] });
});

test("errors", async () => {
  const x = [2, 3, 4, 4];
  expect(await buildError(layer, { a: [2, 4], x, y: x })).toMatch(/one value for each image and channel .* it is 2 4/);
  expect(await buildError(layer, { a: [2, 3, 2, 1], x, y: x })).toMatch(/it is 2 3 2 1/);
  expect(await buildError(layer, { a: [2, 3], x, y: [2, 3, 4, 5] })).toMatch(/must have the same shape/);
});

test("gradients", async () => {
  await checkGradients({ layer, inputs: { a: [2, 3, 1, 1], x: [2, 3, 2, 2], y: [2, 3, 2, 2] } });
});

testContract("Axpy", { inputs: { a: [2, 3], x: [2, 3, 4, 4], y: [2, 3, 4, 4] }, tops: ["z"] });
