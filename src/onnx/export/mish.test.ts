import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Mish"`, [[2, 3, 4]], { draw: (i) => 20 * Math.sin(i) });
