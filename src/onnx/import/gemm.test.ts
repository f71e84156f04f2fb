import { expect, test } from "vitest";
import { floats, node, refused, same } from "../../../test/onnx/nodes.js";
import { float } from "../model.js";

const x = [4, 6];
const both = (types: string) => ({ moka: types, bvlc: types });

test.each([
  ["transB", { transB: 1 }, [5, 6]],
  ["plain", {}, [6, 5]],
  ["factors", { alpha: 0.5, beta: float(2), transB: 1 }, [5, 6]],
] as const)("Gemm: %s", async (_, attributes, w) => {
  for (const b of [[5], [1, 5], [1], []]) {
    const constants = { w: floats(w), b: floats(b) };
    const types = await same({
      inputs: { x },
      constants,
      nodes: [node("Gemm", attributes, ["w", "b"])],
      tolerance: 1e-5,
    });
    expect(types).toEqual(both("InnerProduct"));
  }
  expect(
    await same({
      inputs: { x },
      constants: { w: floats(w) },
      nodes: [node("Gemm", attributes, ["w"])],
      tolerance: 1e-5,
    }),
  ).toEqual(both("InnerProduct"));
});

test("Gemm that adds a matrix", async () => {
  const constants = { w: floats([6, 5]), b: floats([4, 5]) };
  const types = await same({ inputs: { x }, constants, nodes: [node("Gemm", {}, ["w", "b"])], tolerance: 1e-5 });
  expect(types).toEqual(both("InnerProduct Bias"));
});

test("MatMul, with a sum behind it", async () => {
  const constants = { w: floats([6, 5]), b: floats([5]) };
  const nodes = [
    { op: "MatMul", inputs: ["x", "w"], outputs: ["p"] },
    { op: "Add", inputs: ["b", "p"] },
  ];
  for (const shape of [x, [2, 3, 6]]) {
    expect(await same({ inputs: { x: shape }, constants, nodes, tolerance: 1e-5 })).toEqual(both("InnerProduct"));
  }
});

test("what no layer does is refused", async () => {
  const twoBlobs = { inputs: { x, w: [6, 5] }, nodes: [node("MatMul", {}, ["w"])] };
  await expect(refused(twoBlobs)).rejects.toThrow('its second matrix ("w") must be constant');
  const left = { inputs: { x }, constants: { w: floats([3, 4]) }, nodes: [{ op: "MatMul", inputs: ["w", "x"] }] };
  await expect(refused(left)).rejects.toThrow("a constant matrix is multiplied from the left");
  const turned = { inputs: { x }, constants: { w: floats([4, 5]) }, nodes: [node("Gemm", { transA: 1 }, ["w"])] };
  await expect(refused(turned)).rejects.toThrow("it transposes its input");
});
