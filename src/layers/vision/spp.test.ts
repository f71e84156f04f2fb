import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkEnginesAgree } from "../../../test/engine-agreement.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string) => `layer { name: "layer" type: "SPP" bottom: "x" top: "y" spp_param { ${param} } }`;

/** Two channels of 4 × 4: 0 … 15 and its negative. */
const x = { shape: [1, 2, 4, 4], data: Array.from({ length: 32 }, (_, i) => (i < 16 ? i : 16 - i)) };

test("puts the levels one after the other, each with its channels", async () => {
  const { y } = await runLayer(layer("pyramid_height: 2"), { x });
  expect(y).toEqual({ shape: [1, 10], data: [15, 0, 5, 7, 13, 15, 0, -2, -8, -10] });
  const mean = await runLayer(layer("pyramid_height: 2 pool: AVE"), { x });
  expect(mean.y.data).toEqual([7.5, -7.5, 2.5, 4.5, 10.5, 12.5, -2.5, -4.5, -10.5, -12.5]);
});

test("keeps the images of a batch apart", async () => {
  const batch = { shape: [2, 1, 2, 2], data: [1, 2, 3, 4, 50, 60, 70, 80] };
  const { y } = await runLayer(layer("pyramid_height: 2"), { x: batch });
  expect(y).toEqual({ shape: [2, 5], data: [4, 1, 2, 3, 4, 80, 50, 60, 70, 80] });
});

test("as in Caffe, gives a single level four axes", async () => {
  const { y } = await runLayer(layer("pyramid_height: 1"), { x });
  expect(y).toEqual({ shape: [1, 2, 1, 1], data: [15, 0] });
});

test("pads what does not divide, on both sides", async () => {
  // Two bins of 3 make 6 of 5: one row and column of padding on either side, so that bins start at −1 and 2.
  const image = { shape: [1, 1, 5, 5], data: Array.from({ length: 25 }, (_, i) => i) };
  const { y } = await runLayer(layer("pyramid_height: 2"), { x: image });
  expect(y.data).toEqual([24, 6, 9, 21, 24]);
});

test("takes images of another size for the same top", async () => {
  const net = await layerNet(layer("pyramid_height: 3 pool: AVE"), { x: [2, 3, 9, 13] });
  expect(net.blobs.get("y")?.shape).toEqual([2, 63]);
  net.reshape({ x: [1, 3, 20, 8] });
  expect(net.blobs.get("y")?.shape).toEqual([1, 63]);
  const ones = new Float32Array(3 * 20 * 8).fill(1);
  expect([...(await net.forward({ x: ones })).y]).toEqual(Array(63).fill(1));
  await net.dispose();
});

test("draws with STOCHASTIC in TRAIN, and averages in TEST, where nothing need be padded", async () => {
  const image = { shape: [1, 1, 2, 2], data: [1, 2, 3, 4] };
  const train = await runLayer(layer("pyramid_height: 2 pool: STOCHASTIC"), { x: image });
  expect(image.data).toContain(train.y.data[0]);
  expect(train.y.data.slice(1)).toEqual(image.data);
  const mean = await runLayer(layer("pyramid_height: 2 pool: STOCHASTIC"), { x: image }, [], "TEST");
  expect(mean.y.data).toEqual([3, 1, 2, 3, 4]);
});

test("says what is wrong", async () => {
  const fails = (param: string, shape = [1, 1, 5, 5]) => buildError(layer(param), { x: shape });
  expect(await fails("")).toBe(
    '<text>:3:1: layer "layer" (SPP): spp_param.pyramid_height must be given, and greater than 0',
  );
  expect(await fails("pyramid_height: 1", [1, 5, 5])).toMatch(/needs a bottom \(N, C, H, W\), not 1 5 5 \(25\)$/);
  for (const height of [4, 4294967295]) {
    expect(await fails(`pyramid_height: ${height}`)).toMatch(
      new RegExp(`level 2 of spp_param.pyramid_height ${height}: pad 2×2 must be smaller than the kernel 2×2$`),
    );
  }
  expect(await fails("pyramid_height: 2 pool: STOCHASTIC")).toMatch(
    /level 1 of spp_param.pyramid_height 2 needs padding, which spp_param.pool STOCHASTIC does not take$/,
  );
});

describe("gradient", () => {
  test.each([
    ["pyramid_height: 1", [2, 2, 3, 4]],
    ["pyramid_height: 2", [2, 2, 3, 4]],
    ["pyramid_height: 3", [1, 2, 7, 8]],
  ])("%s of %j", async (param, shape) => {
    await checkGradients({ layer: layer(`pool: AVE ${param}`), inputs: { x: shape } });
    await checkGradients({ layer: layer(`pool: MAX ${param}`), inputs: { x: shape } });
  });
});

test.each(["MAX", "AVE", "STOCHASTIC"])("is the same on both engines with %s", async (pool) => {
  for (const phase of ["TRAIN", "TEST"] as const) {
    const inputs = { x: [2, 3, 8, 12] };
    await checkEnginesAgree({ layer: layer(`pyramid_height: 3 pool: ${pool}`), inputs, phase });
  }
});

testContract("SPP", { inputs: { x: imageShape }, param: "spp_param { pyramid_height: 2 }" });
