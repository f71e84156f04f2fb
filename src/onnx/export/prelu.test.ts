import { testExport } from "../../../test/onnx/one-layer.js";

const filler = `filler { type: "gaussian" std: 1 }`;
testExport(`type: "PReLU" prelu_param { ${filler} }`, [[2, 3, 4, 5]]);
testExport(`type: "PReLU" prelu_param { ${filler} }`, [[2, 3]]);
testExport(`type: "PReLU" prelu_param { ${filler} }`, [[2, 3, 4]]);
testExport(`type: "PReLU" prelu_param { ${filler} channel_shared: true }`, [[2, 3, 4, 5]]);
testExport(`type: "PReLU" prelu_param { ${filler} channel_shared: true }`, [[2, 3]]);
