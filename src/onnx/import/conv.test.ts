import { expect, test } from "vitest";
import { floats, node, refused, same } from "../../../test/onnx/nodes.js";

const conv = (
  attributes: Parameters<typeof node>[1],
  w: readonly number[],
  x: readonly number[],
  targets = ["moka", "bvlc"],
) =>
  same({
    inputs: { x },
    constants: { w: floats(w), b: floats([w[0] ?? 0]) },
    nodes: [node("Conv", attributes, ["w", "b"])],
    targets,
    tolerance: 1e-5,
  });

test.each([
  ["plain", {}, [5, 3, 3, 3], [2, 3, 7, 8]],
  ["strided, padded", { strides: [2, 2], pads: [1, 1, 1, 1] }, [5, 3, 3, 3], [2, 3, 7, 8]],
  ["dilated", { dilations: [2, 3], pads: [2, 3, 2, 3] }, [5, 3, 3, 3], [2, 3, 9, 9]],
  ["grouped", { group: 2 }, [6, 2, 3, 3], [2, 4, 7, 8]],
  ["by channel", { group: 4 }, [4, 1, 3, 3], [2, 4, 7, 8]],
  ["with sides that differ", { strides: [2, 1], pads: [1, 0, 1, 0] }, [5, 3, 3, 1], [2, 3, 7, 8]],
  ["of one axis", { pads: [1, 1], strides: [2] }, [5, 3, 3], [2, 3, 9]],
  ["of three axes", { pads: [1, 0, 1, 1, 0, 1] }, [2, 3, 3, 1, 3], [1, 3, 4, 5, 6]],
  ["SAME_UPPER of an odd size", { auto_pad: "SAME_UPPER" }, [5, 3, 3, 3], [2, 3, 7, 8]],
  ["VALID", { auto_pad: "VALID", strides: [2, 2] }, [5, 3, 3, 3], [2, 3, 7, 8]],
] as const)("a convolution: %s", async (_, attributes, w, x) => {
  expect(await conv(attributes, w, x)).toEqual({ moka: "Convolution", bvlc: "Convolution" });
});

test.each([
  ["behind only, strided", { strides: [2, 2], pads: [0, 0, 1, 1] }, "Convolution Slice Slice Silence"],
  ["before only", { pads: [2, 1, 0, 0] }, "Convolution Slice Slice Silence"],
  ["of one axis", { strides: [3, 1], pads: [0, 0, 2, 0] }, "Convolution Slice Silence"],
  ["SAME_LOWER", { strides: [2, 2], auto_pad: "SAME_LOWER" }, "Convolution"],
] as const)("pads that differ: %s", async (_, attributes, bvlc) => {
  const types = await conv(attributes, [5, 3, 3, 3], [2, 3, 7, 9]);
  expect(types).toEqual({ moka: "Convolution", bvlc });
});

test("without a bias; a sum with a constant behind it becomes one", async () => {
  const [w, b] = [floats([5, 3, 1, 1]), floats([5, 1, 1])];
  const nodes = [
    { op: "Conv", inputs: ["x", "w"], outputs: ["c"] },
    { op: "Add", inputs: ["c", "b"] },
  ];
  expect(await same({ inputs: { x: [2, 3, 4, 5] }, constants: { w, b }, nodes })).toEqual({
    moka: "Convolution",
    bvlc: "Convolution",
  });
  // Where something else reads the convolution, its values must stay.
  const more = [...nodes, { op: "Relu", inputs: ["c"], outputs: ["z"] }];
  const types = await same({ inputs: { x: [2, 3, 4, 5] }, constants: { w, b }, nodes: more, outputs: ["y", "z"] });
  expect(types.bvlc).toBe("Convolution Bias ReLU");
});

test("weights that a run computes are refused", async () => {
  const check = { inputs: { x: [2, 3, 4, 5], w: [5, 3, 1, 1] }, nodes: [node("Conv", {}, ["w"])] };
  await expect(refused(check)).rejects.toThrow('its weights ("w") must be constant; here a run computes them');
});
