import { expect, test } from "vitest";
import { exported } from "../../../test/onnx/exported.js";
import { oneLayer, testExport } from "../../../test/onnx/one-layer.js";

const dims = (...sizes: number[]) => sizes.map((size) => `dim: ${size} `).join("");
const reshape = (sizes: number[], more = "") => `type: "Reshape" reshape_param { shape { ${dims(...sizes)}} ${more} }`;
const x = [2, 3, 4, 5];
for (const layer of [
  reshape([0, -1]),
  reshape([0, 0, -1]),
  reshape([-1, 20]),
  reshape([6, -1], "axis: 1 num_axes: 2"),
  reshape([2, 2], "axis: 2 num_axes: 1"),
  reshape([1], "axis: -1 num_axes: 0"),
  reshape([1], "axis: 0 num_axes: 0"),
  reshape([-1]),
  `type: "Flatten"`,
  `type: "Flatten" flatten_param { axis: 0 }`,
  `type: "Flatten" flatten_param { axis: 2 end_axis: 2 }`,
  `type: "Flatten" flatten_param { axis: -2 }`,
  `type: "ExpandDimsND" expand_dims_nd_param { axis: 0 axis: -1 }`,
]) {
  testExport(layer, [x], { error: 0, opsets: [13] });
}
testExport(`type: "Squeeze"`, [[2, 1, 3, 1]], { error: 0, opsets: [13] });
testExport(`type: "Squeeze" squeeze_param { axis: -1 }`, [[2, 1, 3, 1]], { error: 0, opsets: [13] });

test("a shape that names the batch size fixes it", async () => {
  const { exported: net } = await exported(oneLayer(reshape([2, 60]), x));
  expect(net.batch).toMatchObject({ dynamic: false, size: 2, reason: expect.stringContaining("reshape_param.shape") });
});
