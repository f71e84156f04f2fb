import { expect, test } from "vitest";
import { exported } from "../../../test/onnx/exported.js";
import { allForms, oneLayer, testExport } from "../../../test/onnx/one-layer.js";

const tops = `top: "a" top: "b"`;
testExport(`type: "Slice" ${tops}`, [[2, 6, 3]], { error: 0, opsets: allForms });
testExport(`type: "Slice" ${tops} top: "c" slice_param { axis: -1 slice_point: 1 slice_point: 4 }`, [[2, 3, 6]], {
  error: 0,
});
testExport(`type: "Slice" ${tops} slice_param { slice_dim: 2 }`, [[2, 3, 6]], { error: 0 });
testExport(`type: "Slice" top: "a"`, [[2, 3]], { error: 0 });
// The last part takes what a larger batch has more.
testExport(`type: "Slice" ${tops} slice_param { axis: 0 slice_point: 1 }`, [[3, 2]], { error: 0 });
testExport(`type: "Slice" ${tops} slice_param { axis: 0 }`, [[4, 2]], { error: 0, batch: 0 });

test("equal parts of a batch need a batch that is fixed", async () => {
  const { exported: net } = await exported(oneLayer(`type: "Slice" ${tops} slice_param { axis: 0 }`, [4, 2]));
  expect(net.batch).toMatchObject({
    dynamic: false,
    reason: expect.stringContaining("2 tops must divide the axis of 5"),
  });
});
