import { testExport } from "../../../test/onnx/one-layer.js";

testExport(`type: "Threshold" threshold_param { threshold: 0.5 }`, [[2, 3, 4]], {
  error: 0,
  draw: (i) => [0.25, 0.5, 0.75][i % 3],
});
