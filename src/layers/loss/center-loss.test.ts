// Numbers: by hand; those of the fork itself are in test/golden/forks/CenterLoss.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "num_output: 2", more = "loss_weight: 1") =>
  `layer { name: "layer" type: "CenterLoss" bottom: "x" bottom: "y" top: "loss" center_loss_param { ${param} } ${more} }`;
const x = { shape: [3, 2], data: [1, 2, 3, 4, 5, 6] };
const y = { shape: [3], data: [0, 1, 1.9] };
const centers = [1, 0, 3, 3];
const force = { header: "force_backward: true" };

async function gradientsOf(more: string) {
  const net = await layerNet(layer(undefined, more), { x: x.shape, y: y.shape }, force);
  net.params.get("layer")?.[0].data.set(centers);
  await net.forward({ x: x.data, y: y.data });
  await net.backward();
  const result = { loss: net.loss, dx: net.blobs.get("x")?.diff, dc: net.params.get("layer")?.[0].diff };
  await net.dispose();
  return { ...result, dx: [...(result.dx ?? [])], dc: [...(result.dc ?? [])] };
}

test("is half the mean square of the distances to the centers", async () => {
  expect((await runLayer(layer(), { x, y }, [centers])).loss).toEqual({ shape: [], data: [Math.fround(18 / 6)] });
});

test("draws features to their centers, and centers to their features by the count of their class", async () => {
  const { dx, dc } = await gradientsOf("loss_weight: 3");
  expect(dx).toEqual([0, 2, 0, 1, 2, 3]);
  expect(dc.slice(0, 2)).toEqual([0, -1]);
  expect(dc[2]).toBeCloseTo(-2 / 3, 6);
  expect(dc[3]).toBeCloseTo(-4 / 3, 6);
});

test("is not learned from without a loss_weight, but for its centers", async () => {
  const { loss, dx, dc } = await gradientsOf("");
  expect(loss).toBe(0);
  expect(dx.every((value) => value === 0)).toBe(true);
  expect(dc[1]).toBe(-1);
});

test("of no items is 0", async () => {
  const net = await layerNet(layer(), { x: [0, 2], y: [0] }, force);
  await net.forward();
  await net.backward();
  expect(net.loss).toBe(0);
  await net.dispose();
});

test("gradient of the features", async () => {
  const inputs = { x: [5, 2, 3], y: [5] };
  const values = { y: [0, 3, 1, 1, 0] };
  await checkGradients({ layer: layer("num_output: 4", "loss_weight: 0.5"), inputs, values, check: ["x"] });
});

describe("errors", () => {
  test("fields and shapes", async () => {
    expect(await buildError(layer(""), { x: [3, 2], y: [3] })).toMatch(/num_output, the number of classes, must be 1/);
    expect(await buildError(layer("num_output: 2 axis: 2"), { x: [3, 2, 2], y: [3] })).toMatch(
      /axis must be 1.*not 2$/,
    );
    expect(await buildError(layer('num_output: 2 distance_type: "L1"'), { x: [3, 2], y: [3] })).toMatch(/must be "L2"/);
    expect(await buildError(layer(), { x: [3, 2], y: [4] })).toMatch(/3 items need one label each; there are 4/);
    expect(await buildError(layer(), { x: [], y: [] })).toMatch(/not a scalar$/);
  });

  test("labels that are no class", async () => {
    for (const label of [2, -1, Number.NaN]) {
      await expect(runLayer(layer(), { x, y: { shape: [3], data: [0, 1, label] } })).rejects.toThrow(
        /number 2 of "y"\) is not one of its 2 classes/,
      );
    }
  });
});

testContract("CenterLoss", {
  inputs: { a: [2, 3], label: [2] },
  param: 'center_loss_param { num_output: 3 center_filler { type: "xavier" } }',
});
