// Numbers: those of Reorg with stride 2, which are the fork's own: test/golden/forks/Reorg.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const python = 'python_param { module: "yolov2" layer: "darknet_reorg" }';
const layer = `layer { name: "layer" type: "Python" bottom: "x" top: "y" ${python} }`;

test("is Reorg with stride 2", async () => {
  const x = { shape: [1, 4, 2, 2], data: Array.from({ length: 16 }, (_, i) => i) };
  const reorg = 'layer { name: "r" type: "Reorg" bottom: "x" top: "r" reorg_param { stride: 2 } }';
  const { y, r } = await runLayer(layer + reorg, { x });
  expect(y).toEqual(r);
  expect(y.shape).toEqual([1, 16, 1, 1]);
});

test("says what does not fit", async () => {
  expect(await buildError(layer, { x: [1, 2, 2, 2] })).toMatch(/C divisible by 4, H and W by 2; it is 1 2 2 2/);
});

test("gradient", async () => {
  await checkGradients({ layer, inputs: { x: [2, 4, 2, 4] } });
});

testContract("yolov2.darknet_reorg", { inputs: { a: [2, 4, 2, 4] }, param: python });
