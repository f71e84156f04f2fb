// Numbers: numpy, from the formula in double precision.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") =>
  `layer { name: "layer" type: "HardSigmoid" bottom: "x" top: "${top}" hard_sigmoid_param { ${param} } }`;

test("is a line between 0 and 1, and passes NaN on", async () => {
  const x = { shape: [6], data: [-4, -2.5, -1, 0, 2, 9] };
  expect((await runLayer(layer(), { x })).y.data).toEqual(
    [0, 0, 0.3, 0.5, 0.9, 1].map((value) => expect.closeTo(value, 6)),
  );
  expect((await runLayer(layer("alpha: -0.5 beta: 0.25"), { x })).y.data).toEqual(
    [1, 1, 0.75, 0.25, 0, 0].map((value) => expect.closeTo(value, 6)),
  );
  expect((await runLayer(layer(), { x: { shape: [1], data: [Number.NaN] } })).y.data).toEqual([Number.NaN]);
});

test.each([
  ["", layer()],
  [" in place", layer("alpha: 0.4 beta: 0.5", "x")],
])("gradient%s", async (_, text) => {
  await checkGradients({ layer: text, inputs: { x: [2, 3, 4] }, kinks: [-2.5, -1.25, 1.25, 2.5] });
});

testContract("HardSigmoid", { inputs: { x: imageShape } });
