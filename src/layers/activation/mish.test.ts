// Numbers: numpy, x * tanh(log1p(exp(x))) in double precision.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const layer = (top = "y") => `layer { name: "layer" type: "Mish" bottom: "x" top: "${top}" }`;

test("is x times tanh of its softplus, and passes NaN on", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [9], data: [-30, -5, -1.2, -0.5, 0, 0.5, 1, 3, 25] } });
  expect(y.data).toEqual(
    [
      -2.807286890651921e-12, -0.033576237730161704, -0.3088357963148625, -0.22074377465173, 0, 0.3752452113048951,
      0.8650983882673103, 2.986535004967957, 25,
    ].map((value) => expect.closeTo(value, 6)),
  );
  const special = await runLayer(layer(), { x: { shape: [2], data: [Number.NaN, Infinity] } });
  expect(special.y.data).toEqual([Number.NaN, Infinity]);
});

test.each([
  ["", layer()],
  [" in place", layer("x")],
])("gradient%s", async (_, text) => {
  await checkGradients({ layer: text, inputs: { x: [2, 3, 4] } });
});

testContract("Mish", { inputs: { x: imageShape } });
