import { expect, test } from "vitest";
import { floats, ints, same } from "../../../test/onnx/nodes.js";

/** Zeros around the planes of x, and averages of them. */
const padded = (pads: readonly number[], window: Readonly<Record<string, readonly number[] | number>>, value = 0) => ({
  inputs: { x: [2, 3, 6, 5] },
  constants: { pads: ints(pads), value: floats([], [value]) },
  nodes: [
    { op: "Pad", inputs: ["x", "pads", "value"], outputs: ["padded"] },
    { op: "AveragePool", inputs: ["padded"], attributes: window },
  ],
  tolerance: 1e-6,
});
const both = [0, 0, 1, 1, 0, 0, 1, 1];

test.each([
  ["one stride", both, { kernel_shape: [3, 3] }, "Pooling", "Pooling"],
  ["windows that end with the padding", both, { kernel_shape: [2, 3], strides: [2, 2] }, "Pooling", "Pooling"],
  [
    "windows clipped behind the padding",
    both,
    { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 0, 1, 0] },
    "Pooling",
    "Pooling",
  ],
  ["sizes of each axis", [0, 0, 2, 1, 0, 0, 2, 1], { kernel_shape: [5, 3], strides: [1, 2] }, "Pooling", "Pooling"],
] as const)("%s", async (_, pads, window, moka, bvlc) => {
  expect(await same(padded(pads, window))).toEqual({ moka, bvlc });
});

test.each([
  ["sides that differ", padded([0, 0, 1, 1, 0, 0, 0, 1], { kernel_shape: [3, 3] })],
  ["another value", padded(both, { kernel_shape: [3, 3] }, 1)],
  ["padding of its own before", padded(both, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })],
  ["its own padding counted", padded(both, { kernel_shape: [3, 3], pads: [0, 0, 1, 1], count_include_pad: 1 })],
  ["padding as large as the window", padded([0, 0, 2, 2, 0, 0, 2, 2], { kernel_shape: [2, 2] })],
])("%s: the zeros stay a layer of their own", async (_, model) => {
  expect((await same(model)).moka).toMatch(/^Pad /);
});
