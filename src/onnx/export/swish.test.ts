import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Swish"`, [[2, 3, 4]]);
testExport(`type: "Swish" swish_param { beta: 1.7 }`, [[2, 3, 4]], { draw: (i) => 9 * Math.sin(i) });
