// No gradient: it has no tops; what it writes to its bottoms' diffs is 0.
import { expect, test } from "vitest";
import { imageShape, testContract } from "../../../test/contract.js";
import { buildError, layerNet } from "../../../test/layers.js";

test("takes its bottoms, and gives them a gradient of 0", async () => {
  const text = 'layer { name: "layer" type: "Silence" bottom: "a" bottom: "b" }';
  const net = await layerNet(text, { a: [2], b: [1, 3] }, { header: "force_backward: true" });
  expect(net.outputs).toEqual([]);
  expect(await net.forward({ a: [1, 2] })).toEqual({});
  for (const name of ["a", "b"]) net.blobs.get(name)?.diff.fill(7);
  await net.backward();
  expect([...(net.blobs.get("a")?.diff ?? [])]).toEqual([0, 0]);
  expect([...(net.blobs.get("b")?.diff ?? [])]).toEqual([0, 0, 0]);
  await net.dispose();
});

test("has no top", async () => {
  expect(await buildError('layer { name: "layer" type: "Silence" bottom: "a" top: "y" }', { a: [2] })).toBe(
    '<text>:3:1: layer "layer" (Silence): needs exactly 0 tops, but has 1',
  );
});

testContract("Silence", { inputs: { a: imageShape, b: [2] }, tops: [] });
