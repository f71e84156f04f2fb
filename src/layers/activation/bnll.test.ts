import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const layer = (top = "y") => `layer { name: "layer" type: "BNLL" bottom: "x" top: "${top}" }`;

test("is log(1 + e^x)", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [3], data: [0, Math.log(3), -Math.log(3)] } });
  expect(y.shape).toEqual([3]);
  [Math.log(2), Math.log(4), Math.log(4 / 3)].forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 6));
});

test("goes to 0 and to x without overflow, and passes NaN on", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [3], data: [-1000, 1000, Number.NaN] } });
  expect(y.data).toEqual([0, 1000, Number.NaN]);
});

test.each([
  ["", layer()],
  [" in place", layer("x")],
])("gradient%s", async (_, text) => {
  await checkGradients({ layer: text, inputs: { x: [2, 3, 4] } });
});

testContract("BNLL", { inputs: { x: imageShape } });
