import { testExport } from "../../../test/onnx/one-layer.js";

testExport(
  `type: "Add"`,
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
  { error: 0 },
);
testExport(
  `type: "Add"`,
  [
    [2, 3, 1],
    [3, 4],
  ],
  { error: 0 },
);
testExport(
  `type: "Add"`,
  [
    [1, 4],
    [2, 3, 1],
  ],
  { error: 0, batch: 0 },
);
