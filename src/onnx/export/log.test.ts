import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Log"`, [[2, 3, 4]], { draw: (i) => 0.01 + i });
testExport(`type: "Log" log_param { base: 10 scale: 2 shift: 0.5 }`, [[2, 3, 4]], { draw: (i) => i });
testExport(`type: "Log"`, [[1, 2]], { draw: (i) => [0, 1][i % 2], error: 0 });
