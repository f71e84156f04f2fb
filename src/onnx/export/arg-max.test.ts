import { testExport } from "../../../test/onnx/one-layer.js";

// Many equal values: the last of them is the largest.
const draw = (i: number) => [3, 1, 3, 2, 3, 0, 2][i % 7];
const x = [2, 3, 4, 5];
for (const param of [
  "",
  "out_max_val: true",
  "top_k: 4",
  "top_k: 5 out_max_val: true",
  "axis: 1",
  "axis: 2 out_max_val: true",
  "axis: -1 top_k: 3",
  "axis: 1 top_k: 2 out_max_val: true",
]) {
  testExport(`type: "ArgMax" argmax_param { ${param} }`, [x], { error: 0, draw, opsets: [11, 12, 13, 22] });
}
testExport(`type: "ArgMax" argmax_param { out_max_val: true }`, [[2, 7]], { error: 0, draw });
testExport(`type: "ArgMax" argmax_param { axis: 0 }`, [[3, 7]], { error: 0, draw, batch: 0 });
