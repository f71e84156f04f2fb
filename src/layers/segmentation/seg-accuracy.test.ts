// Numbers: by hand.
// No gradient: it counts.
import { expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { buildError, layerNet, runLayer } from "../../../test/layers.js";

const layer = (param = "") =>
  `layer { name: "layer" type: "SegAccuracy" bottom: "x" bottom: "label" top: "y" seg_accuracy_param { ${param} } }`;

/** Predictions 0, 1, 1, 2 of three classes. */
const x = { shape: [1, 3, 2, 2], data: [5, 0, 0, 0, 1, 2, 2, 0, 0, 1, 1, 3] };
const label = (...data: number[]) => ({ shape: [1, 1, 2, 2], data });

test("the three measures", async () => {
  const { y } = await runLayer(layer(), { x, label: label(0, 1, 0, 2) });
  expect(y.shape).toEqual([1, 1, 1, 3]);
  expect(y.data[0]).toBeCloseTo(3 / 4, 6);
  expect(y.data[1]).toBeCloseTo((1 / 2 + 1 + 1) / 3, 6);
  expect(y.data[2]).toBeCloseTo((1 / 2 + 1 / 2 + 1) / 3, 6);
});

test("classes with no label and no prediction count 1 in the last measure only", async () => {
  const { y } = await runLayer(layer("ignore_label: 2 ignore_label: 255"), { x, label: label(0, 1, 255, 2) });
  expect(y.data).toEqual([1, 1, 1]);
  const none = await runLayer(layer("ignore_label: 255"), { x, label: label(255, 255, 255, 255) });
  expect(none.y.data).toEqual([0, 0, 1]);
});

test("of equal scores the last class is taken", async () => {
  const equal = { shape: [1, 3, 2, 2], data: Array(12).fill(1) };
  expect((await runLayer(layer(), { x: equal, label: label(2, 2, 2, 2) })).y.data).toEqual([1, 1, 1]);
});

test("without reset the counts go on, and are saved", async () => {
  const shapes = { x: [1, 3, 2, 2], label: [1, 1, 2, 2] };
  const net = await layerNet(layer("reset: false"), shapes);
  const [saving] = net.layers.slice(-1);
  await net.forward({ x: x.data, label: [0, 1, 1, 2] });
  const state = JSON.parse(JSON.stringify(saving?.saveState?.()));
  const second = await net.forward({ x: x.data, label: [1, 0, 0, 0] });
  expect([...(second.y ?? [])][0]).toBe(0.5);
  const other = await layerNet(layer("reset: false"), shapes);
  await other.forward({ x: x.data, label: [0, 0, 0, 0] });
  const restoring = other.layers.at(-1);
  await restoring?.restoreState?.(state);
  expect([...((await other.forward({ x: x.data, label: [1, 0, 0, 0] })).y ?? [])][0]).toBe(0.5);
  expect(() => restoring?.restoreState?.({ counts: [1, -1] })).toThrow(/must have 9 counts/);
  expect(() => restoring?.restoreState?.(undefined)).toThrow(/must have 9 counts/);
  await net.dispose();
  await other.dispose();
});

test("errors", async () => {
  for (const bad of [3, -1, Number.NaN]) {
    await expect(runLayer(layer(), { x, label: label(0, bad, 0, 0) })).rejects.toThrow(
      `label ${bad} (number 1 of "label") is not one of its 3 classes, 0 to 2, nor an ignore_label`,
    );
  }
  expect(await buildError(layer(), { x: [1, 3, 2, 2], label: [1, 2, 2] })).toMatch(/labels \(N, 1, H, W\); they are/);
});

testContract("SegAccuracy", { inputs: { x: [2, 3, 2, 2], label: [2, 1, 2, 2] } });
