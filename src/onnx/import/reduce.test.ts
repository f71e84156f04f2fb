import { expect, test } from "vitest";
import { ints, node, same } from "../../../test/onnx/nodes.js";

const x = [2, 3, 4, 5];
const axesOf = [[2, 3], [3], [1], [1, 2, 3], [0, 1, 2, 3], [1, 3], [-1, -2], [0]];

test.each(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare"])(
  "%s over all kinds of axes",
  async (op) => {
    for (const axes of axesOf) {
      for (const keepdims of [0, 1]) {
        const isInput = op === "ReduceSum";
        const nodes = [node(op, { keepdims, ...(isInput ? {} : { axes }) }, isInput ? ["axes"] : [])];
        await same({ inputs: { x }, constants: isInput ? { axes: ints(axes) } : {}, nodes, tolerance: 1e-5 });
      }
    }
    await same({ inputs: { x }, nodes: [node(op)], tolerance: 1e-5 });
  },
);

test("the ways", async () => {
  const types = async (op: string, axes: readonly number[], keepdims: number, targets: readonly string[]) =>
    same({ inputs: { x }, nodes: [node(op, { axes, keepdims })], targets, tolerance: 1e-5 });
  expect(await types("ReduceMean", [2, 3], 1, ["bvlc", "nvdla"])).toEqual({ bvlc: "Pooling", nvdla: "Pooling" });
  expect(await types("ReduceMean", [2, 3], 0, ["bvlc"])).toEqual({ bvlc: "Pooling Flatten" });
  expect(await types("ReduceMean", [3], 0, ["bvlc", "sigmastar"])).toEqual({
    bvlc: "Reduction",
    sigmastar: "Reshape Pooling Reshape",
  });
  expect(await types("ReduceMax", [1], 1, ["bvlc"])).toEqual({ bvlc: "Reshape Pooling Reshape" });
});
