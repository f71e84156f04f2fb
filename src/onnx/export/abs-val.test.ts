import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "AbsVal"`, [[2, 3, 4]], { error: 0 });
