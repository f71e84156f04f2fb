// Numbers: numpy's pad, reshape and transpose as TensorFlow defines them, and the fork's own steps written in Python, which agree.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "SpaceToBatchND" bottom: "x" top: "y" space_to_batch_nd_param { ${param} } }`;
const padded = "block_shape: [1, 2, 2] paddings: [0, 0, 1, 0, 0, 1]";
const counting = (...shape: number[]) => ({
  shape,
  data: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
});

test("channels stay, and places in blocks of 2 × 2 become images", async () => {
  const { y } = await runLayer(layer(padded), { x: counting(1, 2, 3, 3) });
  const data = [
    0, 0, 4, 6, 0, 0, 13, 15, 0, 0, 5, 0, 0, 0, 14, 0, 1, 3, 7, 9, 10, 12, 16, 18, 2, 0, 8, 0, 11, 0, 17, 0,
  ];
  expect(y).toEqual({ shape: [4, 2, 2, 2], data });
});

test("axes behind the blocks stay together", async () => {
  const { y } = await runLayer(layer("block_shape: 2 paddings: [0, 0]"), { x: counting(2, 2, 3) });
  expect(y).toEqual({ shape: [4, 1, 3], data: [1, 2, 3, 7, 8, 9, 4, 5, 6, 10, 11, 12] });
});

test("says what does not fit", async () => {
  const shape = { x: [1, 2, 3, 3] };
  expect(await buildError(layer(""), shape)).toMatch(/block_shape must give one size .* each 1 or more, not \[\]$/);
  expect(await buildError(layer("block_shape: 0 paddings: [0, 0]"), shape)).toMatch(/1 or more, not \[0\]$/);
  expect(await buildError(layer("block_shape: 2 paddings: 1"), shape)).toMatch(
    /two numbers for each .* 1 sizes; there are 1$/,
  );
  expect(await buildError(layer("block_shape: [1, 2] paddings: [0, 0, 0, 0]"), shape)).toMatch(
    /axis 2 with its paddings, 3, must be divisible by its block_shape, 2$/,
  );
  expect(await buildError(layer("block_shape: 1 paddings: [0, 0]"), { x: [2] })).toMatch(/more than 1 axes; it is 2/);
});

test("gradient", async () => {
  await checkGradients({ layer: layer(padded), inputs: { x: [2, 2, 3, 3] } });
});

testContract("SpaceToBatchND", { inputs: { a: [2, 2, 3, 3] }, param: `space_to_batch_nd_param { ${padded} }` });
