import { describe, expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = 'layer { name: "layer" type: "BatchReindex" bottom: "x" bottom: "i" top: "y" }';

test("picks items by their index, in any order, more than once or not at all", async () => {
  const x = { shape: [3, 1, 2], data: [1, 2, 3, 4, 5, 6] };
  const { y } = await runLayer(layer, { x, i: { shape: [4], data: [2, 0, 0, 2.7] } });
  expect(y).toEqual({ shape: [4, 1, 2], data: [5, 6, 1, 2, 1, 2, 5, 6] });
});

test("of a blob of one axis picks values", async () => {
  const { y } = await runLayer(layer, { x: { shape: [3], data: [7, 8, 9] }, i: { shape: [2], data: [1, 1] } });
  expect(y).toEqual({ shape: [2], data: [8, 8] });
});

describe("errors", () => {
  test("an index out of range, before anything is read", async () => {
    const net = await layerNet(layer, { x: [3, 2], i: [2] });
    for (const bad of [3, -1, -0.5, Number.NaN]) {
      await expect(net.forward({ i: [0, bad] })).rejects.toThrow(
        `<text>:4:1: layer "layer" (BatchReindex): index ${bad} (number 1 of "i") is not one of the 3 items of "x", ` +
          "0 to 2",
      );
    }
    await expect(net.forward({ i: [0, 3] })).rejects.toMatchObject({ code: "MOKA_LABEL" });
    await net.dispose();
  });

  test("shapes that are none", async () => {
    expect(await buildError(layer, { x: [3, 2], i: [2, 1] })).toMatch(
      /the indices, its second bottom, must have one axis, not 2 1 \(2\)$/,
    );
    expect(await buildError(layer, { x: [], i: [2] })).toMatch(/needs a first bottom of one axis or more/);
  });

  test("a gradient asked of the indices", async () => {
    const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "i" bias_param { axis: 0 num_axes: 0 } }';
    const loss = 'layer { type: "Reduction" bottom: "y" top: "sum" loss_weight: 1 }';
    const net = await layerNet(up + layer + loss, { x: [3, 2], raw: [2] });
    await net.forward();
    await expect(net.backward()).rejects.toThrow(/cannot propagate down to its indices "i"/);
    await net.dispose();
  });
});

test("gradient", async () => {
  await checkGradients({
    layer,
    inputs: { x: [4, 2, 3], i: [5] },
    values: { i: [2, 0, 2, 2, 3] },
    check: ["x"],
  });
});

testContract("BatchReindex", { inputs: { x: imageShape, label: [2] } });
