import { expect, test } from "vitest";
import { operatorsOf, testExport } from "../../../test/onnx/one-layer.js";

const fillers = `weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }`;
const layer = (param: string) => `type: "InnerProduct" inner_product_param { num_output: 6 ${fillers} ${param} }`;
for (const param of ["", "bias_term: false", "transpose: true", "axis: 2", "axis: -1 transpose: true"]) {
  testExport(layer(param), [[2, 3, 4, 5]], { error: 5e-6 });
}
testExport(layer(""), [[2, 7]]);
// One vector of all values: the batch cannot change.
testExport(layer("axis: 0"), [[2, 7]], { batch: 0 });

test("of two axes and axis 1, it is one Gemm", async () => {
  expect(await operatorsOf(layer(""), [[2, 7]])).toEqual(["Gemm"]);
});
