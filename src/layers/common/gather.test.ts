// Numbers: by hand.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param: string) =>
  `layer { name: "layer" type: "Gather" bottom: "x" top: "y" gather_param { ${param} } }`;
const x = { shape: [2, 3, 2], data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] };

test.each([
  ["indices: [1, 0, 1] shape: 3", [3, 3, 2], [7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
  ["indices: [2, 0] shape: 2 axis: 1", [2, 2, 2], [5, 6, 1, 2, 11, 12, 7, 8]],
  ["indices: [1, 1] shape: [1, 2] axis: -1", [2, 3, 1, 2], [2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12]],
  ["indices: 1 shape: 0 axis: 1", [2, 2], [3, 4, 9, 10]],
  ["indices: [0] axis: 1", [2, 1, 2], [1, 2, 7, 8]],
])("picks with %s", async (param, shape, data) => {
  expect((await runLayer(layer(param), { x })).y).toEqual({ shape, data });
});

test("without gather_param passes its bottoms on, each rank its own", async () => {
  const text = 'layer { name: "layer" type: "Gather" bottom: "x" bottom: "z" top: "y" top: "w" }';
  const net = await layerNet(text, { x: [2, 3, 2], z: [2] }, { header: "force_backward: true" });
  const { y, w } = await net.forward({ x: x.data, z: [5, 6] });
  expect([[...y], [...w]]).toEqual([x.data, [5, 6]]);
  net.blobs.get("y")?.diff.set(x.data);
  await net.backward();
  expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual(x.data);
  await net.dispose();
});

test("says what does not fit", async () => {
  expect(await buildError(layer("axis: 1"), { x: [2, 3] })).toMatch(/gather_param.indices must be given$/);
  expect(await buildError(layer("indices: [1, 0] shape: 3"), { x: [2, 3] })).toMatch(
    /as many places as there are indices, 2/,
  );
  expect(await buildError(layer("indices: [3] axis: 1"), { x: [2, 3] })).toMatch(
    /indices has 3, where axis 1 .* has 3 places$/,
  );
  expect(await buildError(layer("indices: [0] axis: 2"), { x: [2, 3] })).toMatch(/gather_param.axis/);
});

test("gradient, summed where an item is picked twice", async () => {
  await checkGradients({ layer: layer("indices: [2, 0, 2] axis: 1"), inputs: { x: [2, 3, 2] } });
});

testContract("Gather", { inputs: { a: imageShape }, param: "gather_param { indices: [2, 0, 2] axis: 1 }" });
testContract("Gather of yjxiong", { inputs: { a: imageShape } });
