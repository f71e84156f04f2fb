import { allForms, testExport } from "../../../test/onnx/one-layer.js";

for (const param of [
  "",
  "across_channels: true",
  "normalize_variance: false",
  "eps: 0.1",
  "across_channels: true normalize_variance: false",
]) {
  testExport(`type: "MVN" mvn_param { ${param} }`, [[2, 3, 4, 5]], { error: 2e-6, opsets: allForms });
}
testExport(`type: "MVN" mvn_param { across_channels: true }`, [[2, 6]], { error: 2e-6 });
