import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Clip" clip_param { min: -0.5 max: 1.25 }`, [[2, 3, 4]], { error: 0 });
testExport(`type: "ReLU6"`, [[2, 3, 4]], { error: 0, draw: (i) => 9 * Math.sin(i) });
