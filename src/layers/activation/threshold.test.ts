// No gradient: its derivative is 0 everywhere but at the threshold, where it has none.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "", top = "y") => `layer { name: "layer" type: "Threshold" bottom: "x" top: "${top}" ${param} }`;

test("is 1 above the threshold, else 0", async () => {
  const x = { shape: [5], data: [-1, 0, 0.1, 0.75, Number.NaN] };
  expect((await runLayer(layer(), { x })).y).toEqual({ shape: [5], data: [0, 0, 1, 1, 0] });
  const param = "threshold_param { threshold: 0.5 }";
  expect((await runLayer(layer(param), { x })).y.data).toEqual([0, 0, 0, 1, 0]);
  expect((await runLayer(layer(param, "x"), { x })).x.data).toEqual([0, 0, 0, 1, 0]);
});

test("has no gradient", async () => {
  const up = 'layer { name: "up" type: "Bias" bottom: "raw" top: "x" bias_param { axis: 0 num_axes: 0 } }';
  const net = await layerNet(up + layer("loss_weight: 1"), { raw: [2] });
  await net.forward();
  await expect(net.backward()).rejects.toThrow(
    'layer "layer" (Threshold): has no gradient: cannot propagate down to "x"',
  );
  await net.dispose();
});

testContract("Threshold", { inputs: { x: imageShape } });
