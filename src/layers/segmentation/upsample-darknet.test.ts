// Numbers: by hand.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "UpsampleDarknet" bottom: "x" top: "y" upsample_darknet_param { ${param} } }`;
const x = { shape: [1, 2, 1, 2], data: [1, 2, 3, 4] };

test("each value becomes a block", async () => {
  const { y } = await runLayer(layer("stride: 2"), { x });
  expect(y).toEqual({ shape: [1, 2, 2, 4], data: [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4] });
  expect((await runLayer(layer(""), { x })).y).toEqual(x);
});

test("a stride of 0 is refused", async () => {
  expect(await buildError(layer("stride: 0"), { x: [1, 1, 2, 2] })).toMatch(/stride must be 1 or more, not 0$/);
});

test("gradient", async () => {
  await checkGradients({ layer: layer("stride: 2"), inputs: { x: [2, 2, 3, 2] } });
});

testContract("UpsampleDarknet", { inputs: { a: [2, 3, 4, 4] }, param: "upsample_darknet_param { stride: 2 }" });
