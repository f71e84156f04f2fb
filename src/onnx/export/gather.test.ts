import { testExport } from "../../../test/onnx/one-layer.js";

const picks = "indices: 2 indices: 0 indices: 2 indices: 1";
testExport(`type: "Gather" gather_param { axis: 1 ${picks} }`, [[2, 3, 4]], { error: 0 });
testExport(`type: "Gather" gather_param { axis: -1 ${picks} shape: 2 shape: 2 }`, [[2, 3, 4]], { error: 0 });
testExport(`type: "Gather" gather_param { axis: 1 indices: 1 shape: 0 }`, [[2, 3, 4]], { error: 0 });
testExport(`type: "Gather" gather_param { indices: 1 }`, [[2, 3, 4]], { error: 0 });
// yjxiong's passes its bottoms on.
testExport(
  `type: "Gather" top: "a" top: "b"`,
  [
    [2, 3],
    [2, 4],
  ],
  { error: 0 },
);
