import { testExport } from "../../../test/onnx/one-layer.js";

for (const param of ["", "flip_height: true", "flip_width: false flip_height: true", "flip_width: false"]) {
  testExport(`type: "Flip" flip_param { ${param} }`, [[2, 3, 4, 5]], { error: 0 });
}
testExport(`type: "Flip" flip_param { flip_height: true }`, [[2, 3, 4]], { error: 0 });
