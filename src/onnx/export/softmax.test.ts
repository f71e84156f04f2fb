import { expect, test } from "vitest";
import { exported } from "../../../test/onnx/exported.js";
import { allForms, oneLayer, testExport } from "../../../test/onnx/one-layer.js";

for (const axis of [0, 1, 2, -1]) {
  testExport(`type: "Softmax" softmax_param { axis: ${axis} }`, [[2, 3, 4]], { opsets: allForms });
}
testExport(`type: "Softmax"`, [[2, 3]], { draw: (i) => 100 * Math.sin(i) });
testExport(`type: "Softmax"`, [[2, 1, 4]], { error: 0 });

test("where it is not clear whether the axis of size 1 is the batch, the batch is fixed", async () => {
  const { exported: net } = await exported(oneLayer(`type: "Softmax"`, [1, 1]));
  expect(net.batch).toMatchObject({
    dynamic: false,
    reason: expect.stringContaining("softmax along an axis of size 1"),
  });
});
