import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { checkGradients } from "../../../test/gradients.js";
import { layerNet } from "../../../test/layers.js";

const layer = (tops: readonly string[]) =>
  `layer { name: "layer" type: "Split" bottom: "x" ${tops.map((name) => `top: "${name}"`).join(" ")} }`;

test.each([1, 2, 3])("hands its bottom to %d readers without a copy, and adds their gradients", async (count) => {
  const tops = ["a", "b", "c"].slice(0, count);
  const net = await layerNet(layer(tops), { x: [1, 2] }, { header: "force_backward: true" });
  await net.forward({ x: [1, 2] });
  tops.forEach((name, i) => {
    expect(net.blobs.get(name)?.shape).toEqual([1, 2]);
    expect(net.blobs.get(name)?.data).toBe(net.blobs.get("x")?.data);
    net.blobs.get(name)?.diff.set([10 ** i, 2]);
  });
  await net.backward();
  expect([...(net.blobs.get("x")?.diff ?? [])]).toEqual([Number("1".repeat(count)), 2 * count]);
  await net.dispose();
});

test("is inserted where a blob is read twice", async () => {
  const reader = (name: string) => `layer { name: "${name}" type: "TanH" bottom: "x" top: "${name}" }`;
  const net = await layerNet(reader("a") + reader("b"), { x: [3] });
  expect(net.layers.map(({ name, type, tops }) => [name, type, tops])).toEqual([
    ["x", "Input", ["x"]],
    ["x_x_0_split", "Split", ["x_x_0_split_0", "x_x_0_split_1"]],
    ["a", "TanH", ["a"]],
    ["b", "TanH", ["b"]],
  ]);
  await net.dispose();
});

test("gradient", async () => {
  await checkGradients({ layer: layer(["a", "b", "c"]), inputs: { x: [2, 3] } });
});

testContract("Split", { inputs: { x: imageShape }, tops: ["a", "b"] });
