import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, runLayer } from "../../../test/layers.js";

const layer = (param = "") => `layer { name: "layer" type: "LRN" bottom: "x" top: "y" lrn_param { ${param} } }`;
const within = "norm_region: WITHIN_CHANNEL";

/** Checks values that single precision rounds. */
function expectNear(values: readonly number[], expected: readonly number[]): void {
  expect(values.length).toBe(expected.length);
  expected.forEach((value, i) => void expect(values[i]).toBeCloseTo(value, 6));
}

describe("across channels", () => {
  /** Three channels of one value. */
  const x = { shape: [1, 3, 1, 1], data: [1, 2, 3] };

  test("divides by (k + alpha/local_size · the squares of the channels around)^beta", async () => {
    const { y } = await runLayer(layer("local_size: 3 alpha: 3 beta: 1"), { x });
    expect(y.shape).toEqual(x.shape);
    expectNear(y.data, [1 / (1 + 1 + 4), 2 / (1 + 1 + 4 + 9), 3 / (1 + 4 + 9)]);
  });

  test("takes k and beta", async () => {
    const { y } = await runLayer(layer("local_size: 1 alpha: 1 beta: 0.5 k: 7"), { x });
    expectNear(y.data, [1 / Math.sqrt(8), 2 / Math.sqrt(11), 3 / Math.sqrt(16)]);
  });

  test("by default has local_size 5, alpha 1, beta 0.75 and k 1", async () => {
    const { y } = await runLayer(layer(), { x });
    const scale = (1 + 14 / 5) ** -0.75;
    expectNear(y.data, [scale, 2 * scale, 3 * scale]);
  });
});

describe("within a channel", () => {
  test("divides by (1 + alpha · the mean of the squares around)^beta; padding counts as 0", async () => {
    const x = { shape: [1, 1, 1, 3], data: [1, 2, 3] };
    const { y } = await runLayer(layer(`${within} local_size: 3 alpha: 9 beta: 1`), { x });
    expectNear(y.data, [1 / (1 + 1 + 4), 2 / (1 + 1 + 4 + 9), 3 / (1 + 4 + 9)]);
  });

  test("does not use k, and keeps channels apart", async () => {
    const x = { shape: [1, 2, 1, 1], data: [3, 4] };
    const { y } = await runLayer(layer(`${within} local_size: 1 alpha: 1 beta: 1 k: 100`), { x });
    expectNear(y.data, [3 / 10, 4 / 17]);
  });
});

test("needs an odd local_size", async () => {
  expect(await buildError(layer("local_size: 4"), { x: [1, 3, 2, 2] })).toBe(
    '<text>:3:1: layer "layer" (LRN): lrn_param.local_size must be odd, not 4',
  );
});

test("needs four axes", async () => {
  expect(await buildError(layer(), { x: [1, 3, 2] })).toMatch(/needs a bottom \(N, C, H, W\), not 1 3 2 \(6\)$/);
});

describe("gradient", () => {
  test.each([
    ["across channels", "local_size: 3 alpha: 2"],
    ["across channels, with k", "local_size: 3 alpha: 2 k: 3 beta: 0.5"],
    ["of each channel alone", "local_size: 1 alpha: 2"],
    ["across more channels than there are", "local_size: 9 alpha: 2"],
    ["within a channel", `${within} local_size: 3 alpha: 2`],
    ["within a channel larger than the image", `${within} local_size: 7 alpha: 2 beta: 1.5`],
    ["with alpha 0 within a channel", `${within} local_size: 3 alpha: 0`],
  ])("%s", async (_, param) => {
    await checkGradients({ layer: layer(param), inputs: { x: [2, 4, 3, 2] } });
  });
});

testContract("LRN", { inputs: { x: imageShape } });
testContract("LRN within a channel", {
  inputs: { x: imageShape },
  param: "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }",
});
