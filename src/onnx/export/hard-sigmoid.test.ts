import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "HardSigmoid"`, [[2, 3, 4]], { draw: (i) => 4 * Math.sin(i) });
testExport(`type: "HardSigmoid" hard_sigmoid_param { alpha: 1 beta: 0 }`, [[2, 3, 4]]);
