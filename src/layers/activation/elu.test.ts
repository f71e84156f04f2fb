import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") => `layer { name: "layer" type: "ELU" bottom: "x" top: "${top}" ${param} }`;

test("is x above 0, and alpha·(e^x − 1) below", async () => {
  const x = { shape: [4], data: [2, 0, -Math.log(2), -1000] };
  const plain = (await runLayer(layer(), { x })).y;
  expect(plain.shape).toEqual([4]);
  [2, 0, -0.5, -1].forEach((value, i) => void expect(plain.data[i]).toBeCloseTo(value, 6));
  const { y } = await runLayer(layer("elu_param { alpha: 3 }"), { x });
  [2, 0, -1.5, -3].forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 6));
});

test("passes NaN on", async () => {
  expect((await runLayer(layer(), { x: { shape: [1], data: [Number.NaN] } })).y.data).toEqual([Number.NaN]);
});

describe("gradient", () => {
  test.each([
    ["plain", layer()],
    ["with an alpha", layer("elu_param { alpha: 0.3 }")],
    ["with a negative alpha", layer("elu_param { alpha: -0.5 }")],
    ["in place", layer("", "x")],
    ["with an alpha, in place", layer("elu_param { alpha: 0.3 }", "x")],
  ])("%s", async (_, text) => {
    await checkGradients({ layer: text, inputs: { x: [2, 3, 4] }, kinks: [0] });
  });
});

testContract("ELU", { inputs: { x: imageShape } });
