import { expect, test } from "vitest";
import { floats, ints, node, refused, same } from "../../../test/onnx/nodes.js";

const pad = (pads: readonly number[], mode = "constant", value = 0) => ({
  inputs: { x: [2, 3, 4, 5] },
  constants: { pads: ints(pads), value: floats([], [value]) },
  nodes: [node("Pad", { mode }, ["pads", "value"])],
  tolerance: 0,
});

test.each([
  ["zeros at all sides", [0, 0, 1, 1, 0, 0, 1, 1], "constant", 0, "Pad", "Convolution"],
  ["zeros at some", [0, 0, 0, 1, 0, 0, 2, 0], "constant", 0, "Pad", "Convolution Slice Slice Silence"],
  ["another value", [0, 0, 1, 0, 0, 0, 2, 0], "constant", -2.5, "Pad", "Slice Power Slice Power Concat Silence"],
  ["zeros beside channels", [0, 1, 0, 0, 0, 2, 0, 0], "constant", 0, "Pad", "Slice Power Slice Power Concat Silence"],
  ["edge", [0, 0, 2, 0, 0, 0, 1, 0], "edge", 0, "Slice Concat", "Slice Concat"],
  ["reflect", [0, 0, 2, 1, 0, 0, 1, 3], "reflect", 0, "Slice Concat Slice Concat", "Slice Concat Slice Concat"],
  ["less than nothing", [0, 0, -1, 0, 0, 0, 0, -2], "constant", 0, "Slice Slice Silence", "Slice Slice Silence"],
  ["nothing", [0, 0, 0, 0, 0, 0, 0, 0], "constant", 0, "Split", "Split"],
] as const)("%s", async (_, pads, mode, value, moka, bvlc) => {
  expect(await same(pad(pads, mode, value))).toEqual({ moka, bvlc });
});

test("attributes before opset 11", async () => {
  const nodes = [node("Pad", { pads: [0, 0, 1, 1, 0, 0, 1, 1], value: 0.5 })];
  expect(await same({ opset: 10, inputs: { x: [2, 3, 4, 5] }, nodes, tolerance: 0 })).toMatchObject({ moka: "Pad" });
});

test("an unknown mode is refused", async () => {
  await expect(refused(pad([0, 0, 1, 1, 0, 0, 1, 1], "wrap"))).rejects.toThrow('its mode "wrap" has no layers');
});
