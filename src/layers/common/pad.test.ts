// Numbers: worked out by hand, by the rules of the fork's code.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (paddings: readonly number[], more = "") =>
  `layer { name: "layer" type: "Pad" bottom: "x" top: "y" pad_param { ${paddings.map((n) => `paddings: ${n}`).join(" ")} ${more} } }`;
const x = { shape: [2, 2], data: [1, 2, 3, 4] };

test("puts a constant before and behind each axis", async () => {
  const { y } = await runLayer(layer([1, 0, 0, 2]), { x });
  expect(y).toEqual({ shape: [3, 4], data: [0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0] });
  const { y: other } = await runLayer(layer([0, 0, 1, 0], "constant_values: -9"), { x });
  expect(other).toEqual({ shape: [2, 3], data: [-9, 1, 2, -9, 3, 4] });
  expect((await runLayer(layer([0, 0, 0, 0]), { x })).y).toEqual(x);
  const empty = await runLayer(layer([0, 1, 1, 0], "constant_values: 7"), { x: { shape: [0, 1], data: [] } });
  expect(empty.y).toEqual({ shape: [1, 2], data: [7, 7] });
});

test("errors", async () => {
  expect(await buildError(layer([1, 1]), { x: [2, 2] })).toMatch(
    /two for each axis of its bottom 2 2 .*, .* there are 2/,
  );
  expect(await buildError(layer([4000000000, 1, 0, 0]), { x: [2, 2] })).toMatch(/too large/);
});

test("gradient", async () => {
  await checkGradients({ layer: layer([0, 0, 1, 0, 2, 1]), inputs: { x: [2, 3, 2] } });
  await checkGradients({ layer: layer([0, 0, 0, 0]), inputs: { x: [2, 3] } });
});

testContract("Pad", {
  inputs: { x: [2, 3, 3] },
  param: `pad_param { ${[0, 0, 1, 1, 0, 2].map((n) => `paddings: ${n}`).join(" ")} constant_values: 0.5 }`,
});
