import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (top = "y") => `layer { name: "layer" type: "AbsVal" bottom: "x" top: "${top}" }`;

test("is |x|", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [2, 2], data: [-1.5, 0, 2, Number.NaN] } });
  expect(y.shape).toEqual([2, 2]);
  expect(y.data).toEqual([1.5, 0, 2, Number.NaN]);
});

test("gradient", async () => {
  await checkGradients({ layer: layer(), inputs: { x: [2, 3, 4] }, kinks: [0] });
});

test("does not work in place", async () => {
  expect(await buildError(layer("x"), { x: [2] })).toMatch(/layer "layer" \(AbsVal\): .*in place/);
});

testContract("AbsVal", { inputs: { x: imageShape } });
