import { testExport } from "../../../test/onnx/one-layer.js";

const x = [2, 3, 4, 5];
testExport(`type: "Permute" permute_param { order: 0 order: 2 order: 3 order: 1 }`, [x], { error: 0 });
testExport(`type: "Permute" permute_param { order: 3 }`, [x], { error: 0 });
testExport(`type: "Permute"`, [x], { error: 0 });
testExport(`type: "Transpose" transpose_param { dim: 2 dim: 0 dim: 1 dim: 3 }`, [x], { error: 0 });
