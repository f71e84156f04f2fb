// Numbers: numpy, from the formulas.
import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (bottoms = "abw", param = "", tops = ["loss", "each"]) =>
  `layer { name: "layer" type: "SmoothL1LossOHEM" ${[...bottoms].map((each) => `bottom: "${each}"`).join(" ")}
    ${tops.map((top) => `top: "${top}"`).join(" ")} ${param} }`;
const shape = [3, 4, 2, 2];
const values = (f: (i: number) => number) => ({ shape, data: Array.from({ length: 48 }, (_, i) => f(i)) });
const a = values((i) => 1.6 * Math.sin(0.7 * i));
const b = values((i) => 0.9 * Math.cos(1.1 * i));
const w = values((i) => (i % 3 === 1 ? 0 : 1));

test.each([
  ["", 12],
  ["normalization: FULL", 12],
  ["normalization: BATCH_SIZE", 3],
  ["normalize: false", 3],
  ["normalization: NONE", 1],
  ["normalization: PRE_FIXED pre_fixed_normalizer: 128", 128],
])("with %j divides by %d; the second top has the loss of each region", async (param, divisor) => {
  const { loss, each } = await runLayer(layer("abw", `loss_param { ${param} }`), { a, b, w });
  expect(loss?.data[0]).toBeCloseTo(22.1073564 / divisor, 5);
  expect(each?.shape).toEqual([3, 1, 2, 2]);
  const wanted = [0.650334, 1.041165, 3.392901, 2.372462, 3.174052, 2.946787, 0.96738, 1.02098, 0.303017];
  wanted.push(1.773114, 2.014595, 2.450569);
  each?.data.forEach((value, i) => void expect(value).toBeCloseTo(wanted[i] ?? Number.NaN, 5));
});

test("its gradient, and none without loss_weight", async () => {
  for (const [param, factor] of [
    ["loss_weight: 1 loss_weight: 0", 1],
    ["", 0],
  ] as const) {
    const options = `${param} loss_param { normalization: NONE }`;
    const net = await layerNet(
      layer("abw", options),
      { a: shape, b: shape, w: shape },
      { header: "force_backward: true" },
    );
    await net.forward({ a: a.data, b: b.data, w: w.data });
    await net.backward();
    const g = [...(net.blobs.get("a")?.diff ?? [])];
    expect(g.reduce((sum, v, i) => sum + v * Math.cos(0.9 * i), 0)).toBeCloseTo(-2.7424701 * factor, 4);
    expect(g.reduce((sum, v) => sum + Math.abs(v), 0)).toBeCloseTo(24.5244437 * factor, 4);
    await net.dispose();
  }
});

describe("gradient against differences", () => {
  test.each(["ab", "abw"])("of bottoms %s", async (bottoms) => {
    const inputs = Object.fromEntries([...bottoms].map((name) => [name, [2, 3]]));
    await checkGradients({ layer: layer(bottoms, "loss_weight: 3", ["loss"]), inputs, check: ["a", "b"] });
  });
});

test("shapes: missing axes are 1, no rows give 0, others are refused", async () => {
  const flat = { shape: [2, 2], data: [1, 2, 3, 4] };
  const four = { shape: [2, 2, 1, 1], data: [0.5, 2, 5, 4] };
  const { loss, each } = await runLayer(layer("ab"), { a: flat, b: four });
  expect([loss?.data, each]).toEqual([[0.8125], { shape: [2, 1, 1, 1], data: [0.125, 1.5] }]);
  const empty = { shape: [0, 2], data: [] };
  expect((await runLayer(layer("ab"), { a: empty, b: empty })).loss?.data).toEqual([0]);
  expect(await buildError(layer("ab"), { a: [2, 2], b: [2, 3] })).toMatch(/one shape of up to 4 axes; they are/);
  expect(await buildError(layer("ab"), { a: [2, 2, 1, 1, 1], b: [2, 2, 1, 1, 1] })).toMatch(/up to 4 axes/);
});

testContract("SmoothL1LossOHEM", { inputs: { a: imageShape, b: imageShape }, tops: ["loss"] });
