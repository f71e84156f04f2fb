import { testExport } from "../../../test/onnx/one-layer.js";

const fillers = `filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 }`;
const x = [2, 3, 4, 5];
for (const param of [
  "",
  "bias_term: true",
  "axis: 2 num_axes: 2 bias_term: true",
  "axis: -1",
  "num_axes: 0 bias_term: true",
  "axis: 1 num_axes: -1",
]) {
  testExport(`type: "Scale" scale_param { ${fillers} ${param} }`, [x]);
}
testExport(`type: "Scale" scale_param { ${fillers} }`, [[2, 1, 1, 1]]);
testExport(`type: "Scale" scale_param { axis: 0 }`, [x, [2, 3]]);
testExport(`type: "Scale" scale_param { ${fillers} bias_term: true }`, [x, [3, 4]]);
testExport(`type: "Scale"`, [x, []]);
testExport(`type: "Scale" scale_param { axis: 0 }`, [x, x]);
// The factors of each item: the batch cannot change.
testExport(`type: "Scale" scale_param { ${fillers} axis: 0 }`, [x], { batch: 0 });
