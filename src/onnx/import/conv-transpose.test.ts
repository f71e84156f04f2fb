import { expect, test } from "vitest";
import { floats, node, same } from "../../../test/onnx/nodes.js";

const check = (attributes: Parameters<typeof node>[1], w: readonly number[] = [4, 3, 3, 3]) => {
  const outputs = (w[1] ?? 0) * Number(attributes?.group ?? 1);
  return same({
    inputs: { x: [2, 4, 5, ...w.slice(3).map(() => 6)] },
    constants: { w: floats(w), b: floats([outputs]) },
    nodes: [node("ConvTranspose", attributes, ["w", "b"])],
    tolerance: 1e-5,
  });
};

test.each([
  ["plain", {}],
  ["strided, padded", { strides: [2, 2], pads: [1, 1, 1, 1] }],
  ["output_padding", { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }],
  ["output_padding without pads", { strides: [3, 2], output_padding: [2, 1] }],
  ["pads that differ", { strides: [2, 2], pads: [1, 0, 0, 2] }],
  ["dilated", { dilations: [2, 1], pads: [1, 1, 1, 1] }],
  ["grouped", { group: 2, strides: [2, 2] }],
  ["output_shape", { strides: [2, 2], output_shape: [10, 12] }],
  ["SAME_UPPER", { strides: [2, 2], auto_pad: "SAME_UPPER" }],
  ["SAME_LOWER", { strides: [2, 2], auto_pad: "SAME_LOWER" }],
] as const)("a transposed convolution: %s", async (_, attributes) => {
  expect(await check(attributes)).toEqual({ moka: "Deconvolution", bvlc: "Deconvolution" });
});

test("what the dilation does not divide is cut off", async () => {
  const types = await check({ strides: [2, 2], dilations: [2, 2], pads: [0, 0, 1, 1] });
  expect(types.bvlc).toBe("Deconvolution Slice Slice Silence");
  const more = await check({ strides: [2, 2], dilations: [2, 2], output_padding: [1, 0] });
  expect(more.bvlc).toBe("Deconvolution Slice Silence");
});

test("one axis", async () => {
  expect(await check({ strides: [2], output_padding: [1] }, [4, 3, 3])).toEqual({
    moka: "Deconvolution",
    bvlc: "Deconvolution",
  });
});
