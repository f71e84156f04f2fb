import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "BNLL"`, [[2, 3, 4]], { draw: (i) => 30 * Math.sin(i) });
