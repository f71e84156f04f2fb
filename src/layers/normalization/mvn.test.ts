import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { engines } from "../../../test/golden/engines.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") =>
  `layer { name: "layer" type: "MVN" bottom: "x" top: "${top}" mvn_param { ${param} } }`;

const near = (actual: ArrayLike<number>, expected: readonly number[]) => {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => void expect(actual[i]).toBeCloseTo(value, 5));
};

/** One image of two channels, with means 2 and 20 and deviations 1 and 10. */
const x = { shape: [1, 2, 1, 2], data: [1, 3, 10, 30] };

test("takes the mean of each channel away, and divides by its deviation", async () => {
  const { y } = await runLayer(layer(), { x });
  expect(y.shape).toEqual(x.shape);
  near(y.data, [-1, 1, -1, 1]);
  near((await runLayer(layer("eps: 1"), { x })).y.data, [-1 / 2, 1 / 2, -10 / 11, 10 / 11]);
});

test("without normalize_variance only takes the mean away", async () => {
  near((await runLayer(layer("normalize_variance: false"), { x })).y.data, [-1, 1, -10, 10]);
});

test("across_channels takes all channels of an image together", async () => {
  const two = { shape: [2, 2, 1, 1], data: [1, 3, 10, 30] };
  near((await runLayer(layer("across_channels: true"), { x: two })).y.data, [-1, 1, -1, 1]);
  near((await runLayer(layer("across_channels: true normalize_variance: false"), { x })).y.data, [-10, -8, -1, 19]);
});

test("has four axes always, as in Caffe, and takes no more", async () => {
  expect((await runLayer(layer(), { x: { shape: [2, 2], data: x.data } })).y).toEqual({
    shape: [2, 2, 1, 1],
    data: [0, 0, 0, 0],
  });
  expect(await buildError(layer(), { x: [1, 2, 1, 2, 1] })).toBe(
    '<text>:3:1: layer "layer" (MVN): takes blobs of at most four axes, not 1 2 1 2 1 (4)',
  );
});

describe.each(Object.entries(engines))("on %s", (_, createEngine) => {
  test("makes 0 of what does not vary", async () => {
    const engine = await createEngine();
    const net = await layerNet(layer(), { x: [1, 1, 2, 2] }, { engine, header: "force_backward: true" });
    expect([...(await net.forward({ x: [5, 5, 5, 5] })).y]).toEqual([0, 0, 0, 0]);
    net.blobs.get("y")?.diff.fill(1);
    await net.backward();
    expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([0, 0, 0, 0]);
    await net.dispose();
    await engine.dispose();
  });

  test("keeps small differences of large values", async () => {
    const engine = await createEngine();
    const net = await layerNet(layer(), { x: [1, 1, 2, 2] }, { engine });
    near(
      (await net.forward({ x: [4096, 4097, 4098, 4099] })).y,
      [-3, -1, 1, 3].map((v) => v / Math.sqrt(5)),
    );
    await net.dispose();
    await engine.dispose();
  });
});

test.each([
  "",
  "across_channels: true",
  "normalize_variance: false",
  "across_channels: true normalize_variance: false",
])("gradient with %j", async (param) => {
  await checkGradients({ layer: layer(param), inputs: { x: [2, 3, 2, 2] } });
});

testContract("MVN", { inputs: { x: imageShape } });
testContract("MVN without variance, across channels", {
  inputs: { x: imageShape },
  param: "mvn_param { normalize_variance: false across_channels: true }",
});
