import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Reverse"`, [[2, 3, 4]], { error: 0 });
testExport(`type: "Reverse" reverse_param { axis: 1 axis: -1 }`, [[2, 3, 4]], { error: 0 });
