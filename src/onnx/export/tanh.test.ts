import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "TanH"`, [[2, 3, 4]], { draw: (i) => 5 * Math.sin(i) });
