// Numbers: by hand, and those of SpaceToBatchND, whose way back it is.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "BatchToSpaceND" bottom: "x" top: "y" batch_to_space_nd_param { ${param} } }`;
const cropped = "block_shape: [1, 2, 2] crops: [0, 0, 1, 0, 0, 1]";

test("joins what SpaceToBatchND cut", async () => {
  const data = [
    0, 0, 4, 6, 0, 0, 13, 15, 0, 0, 5, 0, 0, 0, 14, 0, 1, 3, 7, 9, 10, 12, 16, 18, 2, 0, 8, 0, 11, 0, 17, 0,
  ];
  const { y } = await runLayer(layer(cropped), { x: { shape: [4, 2, 2, 2], data } });
  expect(y).toEqual({ shape: [1, 2, 3, 3], data: Array.from({ length: 18 }, (_, i) => i + 1) });
});

test("without crops, and with axes behind the blocks", async () => {
  const x = { shape: [2, 2, 2], data: [1, 2, 3, 4, 5, 6, 7, 8] };
  const { y } = await runLayer(layer("block_shape: 2 crops: [0, 0]"), { x });
  expect(y).toEqual({ shape: [1, 4, 2], data: [1, 2, 5, 6, 3, 4, 7, 8] });
});

test("says what does not fit", async () => {
  expect(await buildError(layer(cropped), { x: [3, 2, 2, 2] })).toMatch(/its 3 items must be divisible by 4/);
  expect(await buildError(layer("block_shape: 1 crops: [2, 1]"), { x: [1, 2] })).toMatch(
    /more than the 2 values of axis 1$/,
  );
  expect(await buildError(layer("block_shape: 1"), { x: [1, 2] })).toMatch(/crops must give two numbers/);
  expect(await buildError(layer(cropped), { x: [4, 2, 2] })).toMatch(/more than 3 axes/);
});

test("gradient, 0 where values were cut off", async () => {
  await checkGradients({ layer: layer(cropped), inputs: { x: [4, 2, 2, 2] } });
});

testContract("BatchToSpaceND", {
  inputs: { a: [4, 2, 2, 2] },
  param: `batch_to_space_nd_param { ${cropped} }`,
  resizes: false,
});
