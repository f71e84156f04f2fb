import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Axpy"`, [
  [2, 3, 1, 1],
  [2, 3, 4, 5],
  [2, 3, 4, 5],
]);
testExport(`type: "Axpy"`, [
  [2, 3],
  [2, 3, 4, 5],
  [2, 3, 4, 5],
]);
testExport(`type: "Axpy"`, [
  [2, 3, 1, 1],
  [2, 3],
  [2, 3],
]);
