import { expect, test } from "vitest";
import { floats, ints, node, refused, same } from "../../../test/onnx/nodes.js";
import type { AttributeValue } from "../model.js";

const targets = ["moka", "bvlc", "ssd"];

/** Resizes by factors, or to sizes. */
function resize(
  attributes: Readonly<Record<string, AttributeValue>>,
  goal: readonly [number, number],
  by: "scales" | "sizes" = "scales",
  x = [2, 3, 4, 6],
) {
  const constants = { scales: floats([4], [1, 1, ...goal]), sizes: ints([2, 3, ...goal.map(Math.round)]) };
  const more = by === "scales" ? ["", "scales"] : ["", "", "sizes"];
  return { opset: 13, inputs: { x }, constants, nodes: [node("Resize", attributes, more)], targets, tolerance: 1e-5 };
}

test.each([
  ["asymmetric", "floor", [2, 2], "Upsample", "Deconvolution"],
  ["half_pixel", "round_prefer_floor", [2, 2], "Upsample", "Deconvolution"],
  ["asymmetric", "floor", [3, 2], "ResizeNearestNeighbor", "Deconvolution"],
  [
    "asymmetric",
    "floor",
    [0.5, 0.5],
    "Slice Reshape Pooling Reshape Slice Reshape Pooling Reshape Silence",
    "Slice Reshape Pooling Reshape Slice Reshape Pooling Reshape Silence",
  ],
  ["asymmetric", "floor", [1.5, 1.5], "ResizeNearestNeighbor", "InnerProduct Reshape"],
  ["tf_half_pixel_for_nn", "floor", [1.5, 2.5], "ResizeNearestNeighbor", "InnerProduct Reshape"],
  ["half_pixel", "round_prefer_ceil", [1.5, 1.5], "InnerProduct Permute InnerProduct Permute", "InnerProduct Reshape"],
] as const)("nearest, %s, %s, by %j", async (coordinates, rounding, goal, moka, bvlc) => {
  const types = await same(
    resize({ mode: "nearest", coordinate_transformation_mode: coordinates, nearest_mode: rounding }, goal),
  );
  expect(types).toMatchObject({ moka, bvlc });
});

test.each([
  ["half_pixel", [2, 2], "ResizeBilinear", "Deconvolution Scale"],
  ["half_pixel", [3, 2], "ResizeBilinear", "Deconvolution Scale"],
  ["pytorch_half_pixel", [4, 5], "ResizeBilinear", "Deconvolution Scale"],
  ["half_pixel", [0.5, 1.5], "ResizeBilinear", "InnerProduct Reshape"],
  ["align_corners", [2, 2], "Interp", "InnerProduct Reshape"],
  ["align_corners", [0.5, 0.5], "Interp", "InnerProduct Reshape"],
  ["asymmetric", [2, 2], "ResizeBilinear", "InnerProduct Reshape"],
] as const)("linear, %s, by %j", async (coordinates, goal, moka, bvlc) => {
  const attributes = { mode: "linear", coordinate_transformation_mode: coordinates };
  expect(await same(resize(attributes, goal))).toMatchObject({ moka, bvlc });
  await same(resize(attributes, [Math.floor(4 * goal[0]), Math.floor(6 * goal[1])], "sizes"));
});

test.each(["half_pixel", "align_corners", "asymmetric"])("cubic, %s", async (coordinates) => {
  const types = await same(
    resize({ mode: "cubic", coordinate_transformation_mode: coordinates, cubic_coeff_a: -0.5 }, [2, 1.5]),
  );
  expect(types).toEqual({
    moka: "InnerProduct Permute InnerProduct Permute",
    bvlc: "InnerProduct Reshape",
    ssd: "InnerProduct Permute InnerProduct Permute",
  });
});

test("Upsample of opset 9, and Resize of opset 10", async () => {
  for (const [opset, op] of [
    [9, "Upsample"],
    [10, "Resize"],
  ] as const) {
    const check = resize({}, [2, 2]);
    const nodes = [node(op, { mode: "nearest" }, ["scales"])];
    expect(await same({ ...check, opset, nodes })).toMatchObject({ moka: "Upsample", bvlc: "Deconvolution" });
  }
});

test("what resizes channels, or cuts out, is refused", async () => {
  const check = resize({}, [2, 2]);
  await expect(
    refused({ ...check, constants: { ...check.constants, scales: floats([4], [1, 2, 2, 2]) } }),
  ).rejects.toThrow("it resizes batch or channels");
  await expect(refused(resize({ coordinate_transformation_mode: "tf_crop_and_resize" }, [2, 2]))).rejects.toThrow(
    'its coordinates "tf_crop_and_resize"',
  );
});

test("sizes are rounded down in single precision", async () => {
  const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  await same({ ...resize(attributes, [0.7, 1.9999999], "scales", [1, 3, 10, 4]), targets: ["moka"] });
});
