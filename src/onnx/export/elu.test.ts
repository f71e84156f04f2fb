import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "ELU"`, [[2, 3, 4]]);
testExport(`type: "ELU" elu_param { alpha: 0.3 }`, [[2, 3, 4]], { draw: (i) => 20 * Math.sin(i) });
