import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Unstack" top: "a" top: "b"`, [[2, 2, 2]], { error: 0 });
testExport(`type: "Unstack" top: "a" top: "b" unstack_param { axis: -1 }`, [[2, 2, 2]], { error: 0 });
testExport(`type: "Unstack" top: "a" unstack_param { axis: 1 }`, [[2, 3]], { error: 0 });
