import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Exp"`, [[2, 3, 4]]);
testExport(`type: "Exp" exp_param { base: 2 scale: -0.5 shift: 3 }`, [[2, 3, 4]]);
testExport(`type: "Exp" exp_param { base: 1 }`, [[2, 3, 4]]);
