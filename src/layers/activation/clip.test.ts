import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "clip_param { min: -1 max: 2 }", top = "y") =>
  `layer { name: "layer" type: "Clip" bottom: "x" top: "${top}" ${param} }`;

test("keeps values between min and max", async () => {
  const { y } = await runLayer(layer(), { x: { shape: [2, 3], data: [-9, -1, 0.5, 2, 3, Infinity] } });
  expect(y).toEqual({ shape: [2, 3], data: [-1, -1, 0.5, 2, 2, 2] });
});

test("makes min of what is not a number, and where min is more than max", async () => {
  expect((await runLayer(layer(), { x: { shape: [1], data: [Number.NaN] } })).y.data).toEqual([-1]);
  const turned = layer("clip_param { min: 1 max: 0 }");
  expect((await runLayer(turned, { x: { shape: [3], data: [-1, 0.5, 2] } })).y.data).toEqual([1, 1, 1]);
});

test("gradient", async () => {
  const param = "clip_param { min: -0.5 max: 0.25 }";
  await checkGradients({ layer: layer(param), inputs: { x: [2, 3, 4] }, kinks: [-0.5, 0.25] });
});

test("gradient at and beyond the bounds; in place all of it passes, as in Caffe", async () => {
  for (const [top, expected] of [
    ["y", [0, 2, 3, 4, 0]],
    ["x", [1, 2, 3, 4, 5]],
  ] as const) {
    const net = await layerNet(layer(undefined, top), { x: [5] }, { header: "force_backward: true" });
    await net.forward({ x: [-1.5, -1, 0, 2, 2.5] });
    net.blobs.get(top)?.diff.set([1, 2, 3, 4, 5]);
    await net.backward();
    expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual(expected);
    await net.dispose();
  }
});

test("needs min and max", async () => {
  expect(await buildError(layer(""), { x: [2] })).toBe(
    '<text>:3:1: layer "layer" (Clip): clip_param.min and clip_param.max must be given',
  );
  expect(await buildError(layer("clip_param { min: 0 }"), { x: [2] })).toMatch(/max/);
});

testContract("Clip", { inputs: { x: imageShape }, param: "clip_param { min: -1 max: 1 }" });
