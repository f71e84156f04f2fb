// Numbers: by hand.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet } from "../../../test/layers.js";

const python = 'python_param { module: "pyloss" layer: "EuclideanLossLayer" }';
const layer = (param = "") =>
  `layer { name: "layer" type: "Python" bottom: "a" bottom: "b" top: "loss" ${python} ${param} }`;

test.each([
  ["", 0],
  ["loss_weight: 2", 14.5],
] as const)("is half the squared distance, and counts only with a weight: %j", async (param, wanted) => {
  const net = await layerNet(layer(param), { a: [2, 2], b: [4] });
  const { loss } = await net.forward({ a: [1, 2, 3, 4], b: [1, 0, 0, 0] });
  expect([...loss]).toEqual([7.25]);
  expect(net.loss).toBe(wanted);
  await net.dispose();
});

test("says what does not fit", async () => {
  expect(await buildError(layer(), { a: [2, 2], b: [2] })).toMatch(/as many values; they are 2 2 \(4\) and 2 \(2\)$/);
});

test("gradient of both bottoms", async () => {
  await checkGradients({ layer: layer("loss_weight: 3"), inputs: { a: [3, 2], b: [3, 2] } });
});

testContract("pyloss.EuclideanLossLayer", { inputs: { a: imageShape, b: imageShape }, param: python });
