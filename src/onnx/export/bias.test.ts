import { testExport } from "../../../test/onnx/one-layer.js";

const filler = `filler { type: "gaussian" std: 1 }`;
const x = [2, 3, 4, 5];
for (const param of ["", "axis: 2 num_axes: 2", "axis: -1", "num_axes: 0", "axis: 1 num_axes: -1"]) {
  testExport(`type: "Bias" bias_param { ${filler} ${param} }`, [x]);
}
testExport(`type: "Bias" bias_param { axis: 0 }`, [x, [2, 3]]);
testExport(`type: "Bias"`, [x, [3, 4]]);
testExport(`type: "Bias"`, [x, []]);
