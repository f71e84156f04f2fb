import { expect, test } from "vitest";
import { modelOf, node, same } from "../../../test/onnx/nodes.js";
import { importOnnx } from "../../api/import-onnx.js";

test.each([0, 1])("along an axis, keepdims %i", async (keepdims) => {
  const check = { inputs: { x: [2, 7, 4, 5] }, nodes: [node("ArgMax", { axis: 1, keepdims })], tolerance: 0 };
  const cast = { op: "Cast", inputs: ["y"], outputs: ["z"], attributes: { to: 1 } };
  expect((await same({ ...check, nodes: [...check.nodes, cast], outputs: ["z"] })).bvlc).toBe(
    keepdims ? "ArgMax" : "ArgMax Reshape",
  );
  const { notes } = await importOnnx(modelOf(check));
  expect(notes.join()).toContain("of equal values, Caffe's ArgMax takes the last one");
});
