import { testExport } from "../../../test/onnx/one-layer.js";

const fillers = `weight_filler { type: "gaussian" } bias_filler { type: "gaussian" }`;
const draw = (i: number) => [3, 0, 1.9, 2][i % 4];
for (const bias of ["", "bias_term: false"]) {
  testExport(`type: "Embed" embed_param { num_output: 5 input_dim: 4 ${fillers} ${bias} }`, [[2, 3]], { draw });
}
testExport(`type: "Embed" embed_param { num_output: 5 input_dim: 4 ${fillers} }`, [[3]], { draw });
