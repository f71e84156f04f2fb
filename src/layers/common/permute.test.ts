import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "Permute" bottom: "x" top: "y" permute_param { ${param} } }`;
const counting = (...shape: number[]) => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
});

test("NCHW to NHWC", async () => {
  const { y } = await runLayer(layer("order: 0 order: 2 order: 3 order: 1"), { x: counting(1, 3, 1, 2) });
  expect(y).toEqual({ shape: [1, 1, 2, 3], data: [0, 2, 4, 1, 3, 5] });
});

test("axes that are not named follow in ascending order", async () => {
  const { y } = await runLayer(layer("order: 1"), { x: counting(2, 3) });
  expect(y).toEqual({ shape: [3, 2], data: [0, 3, 1, 4, 2, 5] });
});

test("without an order, or with the bottom's own, nothing changes", async () => {
  for (const param of ["", "order: 0 order: 1"]) {
    const x = counting(2, 3, 2);
    expect((await runLayer(layer(param), { x })).y).toEqual(x);
  }
});

test("an axis named twice, or one too many, is an error", async () => {
  expect(await buildError(layer("order: 1 order: 1"), { x: [2, 3] })).toMatch(/at most once; it is 1 1/);
  expect(await buildError(layer("order: 2"), { x: [2, 3] })).toMatch(/order 2 names an axis/);
});

test.each([
  [2, 3, 4, 2],
  [2, 3, 2],
])("gradient of shape %j %j %j", async (...shape) => {
  await checkGradients({
    layer: layer("order: 2 order: 0 order: 1"),
    inputs: { x: shape.filter((size) => size !== undefined) },
  });
});

testContract("Permute", {
  inputs: { a: [2, 3, 4, 2] },
  param: "permute_param { order: 0 order: 2 order: 3 order: 1 }",
});
testContract("Permute in its own order", {
  inputs: { a: [2, 3] },
  param: "permute_param { order: 0 }",
});
