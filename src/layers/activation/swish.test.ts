import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") => `layer { name: "layer" type: "Swish" bottom: "x" top: "${top}" ${param} }`;

test("is x/(1 + e^(−beta·x))", async () => {
  const log3 = Math.log(3);
  const x = { shape: [3], data: [0, log3, -log3] };
  const plain = (await runLayer(layer(), { x })).y;
  expect(plain.shape).toEqual([3]);
  [0, 0.75 * log3, -0.25 * log3].forEach((value, i) => void expect(plain.data[i]).toBeCloseTo(value, 6));
  const { y } = await runLayer(layer("swish_param { beta: 2 }"), { x });
  [0, 0.9 * log3, -0.1 * log3].forEach((value, i) => void expect(y.data[i]).toBeCloseTo(value, 6));
});

test("goes to 0 and to x without overflow", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [2], data: [-1000, 1000] } });
  expect(y.data).toEqual([-0, 1000]);
});

test.each(["", "swish_param { beta: 2 }", "swish_param { beta: -0.5 }"])(
  "gradient, in place or not, %j",
  async (param) => {
    await checkGradients({ layer: layer(param), inputs: { x: [2, 3, 4] } });
    await checkGradients({ layer: layer(param, "x"), inputs: { x: [2, 3, 4] } });
  },
);

testContract("Swish", { inputs: { x: imageShape }, param: "swish_param { beta: 2 }" });
