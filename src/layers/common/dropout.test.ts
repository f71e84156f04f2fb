import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") => `layer { name: "layer" type: "Dropout" bottom: "x" top: "${top}" ${param} }`;
const ratioOf = (ratio: number) => `dropout_param { dropout_ratio: ${ratio} }`;
const ones = (count: number) => Array<number>(count).fill(1);

/** Tops of some forwards with a bottom of ones, which are what the values are multiplied by. */
async function masks(param: string, forwards: number, seed = 1701): Promise<number[][]> {
  const net = await layerNet(layer(param), { x: [100, 100] }, { seed });
  const tops: number[][] = [];
  for (let i = 0; i < forwards; i++) {
    const { y } = await net.forward({ x: ones(10_000) });
    tops.push([...y]);
  }
  await net.dispose();
  return tops;
}

test.each([
  ["", 0.5],
  ["dropout_param {}", 0.5],
  [ratioOf(0.2), 0.2],
  [ratioOf(0.75), 0.75],
])("with %j drops a share of %d, and scales the others up", async (param, ratio) => {
  const [mask = []] = await masks(param, 1);
  expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / (1 - Math.fround(ratio)))]));
  const dropped = mask.filter((value) => value === 0).length / mask.length;
  expect(Math.abs(dropped - ratio)).toBeLessThan(0.02); // 4 standard deviations at least
});

test("drops nothing with a ratio of 0", async () => {
  expect(await masks(ratioOf(0), 1)).toEqual([ones(10_000)]);
});

test("draws another mask at every forward, and the same ones from the same seed", async () => {
  const [first, second] = await masks("", 2);
  expect(second).not.toEqual(first);
  expect(await masks("", 2)).toEqual([first, second]);
  expect(await masks("", 1, 42)).not.toEqual([first]);
});

test.each(["y", "x"])("in TEST lets everything pass, top %s", async (top) => {
  const x = { shape: [3], data: [1, -2, 3] };
  expect((await runLayer(layer("", top), { x }, [], "TEST"))[top]).toEqual(x);
});

describe("backward", () => {
  test.each(["y", "x"])("multiplies by what forward multiplied by, top %s", async (top) => {
    const net = await layerNet(layer("", top), { x: [50] }, { header: "force_backward: true" });
    for (let i = 0; i < 2; i++) {
      await net.forward({ x: ones(50) });
      const multipliers = [...(net.blobs.get(top)?.data ?? [])];
      net.blobs.get(top)?.diff.set(ones(50).map((_, j) => j));
      await net.backward();
      expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual(multipliers.map((value, j) => value * j));
    }
    await net.dispose();
  });

  test("in TEST passes the gradient on", async () => {
    const net = await layerNet(layer(), { x: [3] }, { header: "force_backward: true", phase: "TEST" });
    await net.forward({ x: [1, 2, 3] });
    net.blobs.get("y")?.diff.set([4, 5, 6]);
    await net.backward();
    expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([4, 5, 6]);
    await net.dispose();
  });
});

test.each([1, 1.5, -0.1])("refuses a ratio of %d", async (ratio) => {
  expect(await buildError(layer(ratioOf(ratio)), { x: [3] })).toMatch(
    /^<text>:3:1: layer "layer" \(Dropout\): dropout_param.dropout_ratio must be 0 or more and less than 1, not -?[\d.]+$/,
  );
});

test.each([
  ["TRAIN", "y"],
  ["TRAIN", "x"],
  ["TEST", "y"],
  ["TEST", "x"],
] as const)("gradient in %s, top %s", async (phase, top) => {
  await checkGradients({ layer: layer(ratioOf(0.3), top), inputs: { x: [2, 3, 4] }, phase });
});

testContract("Dropout", { inputs: { x: imageShape }, changes: ["TRAIN"] });
