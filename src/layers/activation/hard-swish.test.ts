// Numbers: numpy, from the formula in double precision.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const layer = (top = "y") => `layer { name: "layer" type: "HardSwish" bottom: "x" top: "${top}" }`;
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

test("is x times a gate that rises from 0 at −3 to 1 at 3; passes NaN on", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [8], data: [-4, -3, -1.5, -1, 0, 1.5, 3, 7] } });
  expect(y.data).toEqual([0, 0, -0.375, -1 / 3, 0, 1.125, 3, 7].map((value) => expect.closeTo(value, 6)));
  const special = await runLayer(layer(), { x: { shape: [3], data: [nan, infinity, -infinity] } });
  expect(special.y.data).toEqual([nan, infinity, nan]);
});

test.each([
  ["", layer()],
  [" in place", layer("x")],
])("gradient%s", async (_, text) => {
  await checkGradients({ layer: text, inputs: { x: [2, 3, 4] }, kinks: [-3, 3] });
});

testContract("HardSwish", { inputs: { x: imageShape } });
