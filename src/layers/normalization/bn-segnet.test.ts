import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { runLayer } from "../../../test/layers.js";

const bn = (param = "", top = "y") => `layer { name: "layer" type: "BN" bottom: "x" top: "${top}" ${param} }`;
const segnet = (fields = "") => `bn_param { scale_filler { type: "constant" value: 1 } ${fields} }`;

/** Two images of two channels of two values: channel 0 holds 1 2 3 4, channel 1 holds 10 20 30 40. */
const x = { shape: [2, 2, 2], data: [1, 2, 10, 20, 3, 4, 30, 40] };

test("SegNet's INFERENCE only scales and shifts; LEARN goes by the batch in TEST too", async () => {
  const params = [
    [2, 1],
    [1, 0],
  ];
  const fixed = await runLayer(bn(segnet("bn_mode: INFERENCE")), { x }, params);
  expect(fixed.y.data).toEqual([3, 5, 10, 20, 7, 9, 30, 40]);
  const learned = await runLayer(bn(segnet()), { x }, params, "TEST");
  expect(learned.y.data[0]).toBeCloseTo((-1.5 / Math.sqrt(1.25)) * 2 + 1, 4);
});

test("gives mean and biased variance as further tops", async () => {
  const { m, v } = await runLayer(bn(`${segnet()} top: "m" top: "v"`), { x });
  expect([m, v]).toEqual([
    { shape: [1, 2, 1, 1], data: [2.5, 25] },
    { shape: [1, 2, 1, 1], data: [1.25, 125] },
  ]);
});

describe("gradient", () => {
  const two = { 0: [0.5, 2, -1], 1: [0, 1, 2] };
  test.each([
    ["SegNet's", bn(segnet()), two, ["0", "1"]],
    ["SegNet's in place", bn(segnet(), "x"), two, ["0", "1"]],
    ["SegNet's INFERENCE", bn(segnet("bn_mode: INFERENCE")), two, ["0", "1"]],
    ["SegNet's INFERENCE in place", bn(segnet("bn_mode: INFERENCE"), "x"), two, ["0", "1"]],
  ] as const)("%s", async (_, text, given, params) => {
    await checkGradients({ layer: text, inputs: { x: [4, 3, 2, 2] }, values: given, check: ["x", ...params] });
  });
});

testContract("BN", { inputs: { x: imageShape }, param: segnet() });
