import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") => `layer { name: "layer" type: "PReLU" bottom: "x" top: "${top}" ${param} }`;
const shared = "prelu_param { channel_shared: true }";

/** One image of two channels of three values. */
const x = { shape: [1, 2, 3], data: [-2, 0, 3, -4, 1, -1] };

test("has a slope for each channel", async () => {
  const { y } = await runLayer(layer(), { x }, [[0.5, 2]]);
  expect(y).toEqual({ shape: x.shape, data: [-1, 0, 3, -8, 1, -2] });
});

test("with channel_shared has one for all", async () => {
  const { y } = await runLayer(layer(shared), { x }, [[0.5]]);
  expect(y.data).toEqual([-1, 0, 3, -2, 1, -0.5]);
});

test.each([
  ["0.25 for each channel", "", [2], [0.25, 0.25]],
  ["0.25 for all", shared, [], [0.25]],
  ["what the filler says", "prelu_param { filler { value: 0.125 } }", [2], [0.125, 0.125]],
] as const)("starts with %s", async (_, param, shape, values) => {
  const net = await layerNet(layer(param), { x: x.shape });
  const [slope] = net.params.get("layer") ?? [];
  expect(slope.shape).toEqual(shape);
  expect([...slope.data]).toEqual(values);
  await net.dispose();
});

test("needs an axis of channels", async () => {
  expect(await buildError(layer(), { x: [4] })).toBe(
    '<text>:3:1: layer "layer" (PReLU): needs a bottom of two axes or more, not 4 (4)',
  );
});

describe("gradient", () => {
  test.each([
    ["of each channel", layer()],
    ["of one slope for all", layer(shared)],
    ["in place", layer("", "x")],
    ["of one slope for all, in place", layer(shared, "x")],
  ])("%s", async (_, text) => {
    await checkGradients({ layer: text, inputs: { x: [2, 3, 2, 2] }, kinks: [0] });
  });

  test("in place with a negative slope, where the sign of the top is not that of the bottom", async () => {
    await checkGradients({ layer: layer("", "x"), inputs: { x: [2, 3] }, values: { 0: [-1, -0.5, -2] }, kinks: [0] });
  });
});

testContract("PReLU", { inputs: { x: imageShape } });
