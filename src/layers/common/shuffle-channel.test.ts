import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (group: number) =>
  `layer { name: "layer" type: "ShuffleChannel" bottom: "x" top: "y" shuffle_channel_param { group: ${group} } }`;

test("takes one channel of each group in turn", async () => {
  const { y } = await runLayer(layer(2), { x: { shape: [1, 6, 1, 1], data: [0, 1, 2, 3, 4, 5] } });
  expect(y.data).toEqual([0, 3, 1, 4, 2, 5]);
});

test("errors", async () => {
  expect(await buildError(layer(0), { x: [1, 6, 2, 2] })).toMatch(/group must be 1 or more; it is 0/);
  expect(await buildError(layer(4), { x: [1, 6, 2, 2] })).toMatch(/C divisible by group 4; it is 1 6 2 2/);
});

test("gradient", async () => {
  await checkGradients({ layer: layer(3), inputs: { x: [2, 6, 2, 2] } });
});

testContract("ShuffleChannel", { inputs: { x: [2, 6, 2, 2] }, param: "shuffle_channel_param { group: 3 }" });
