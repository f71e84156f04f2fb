import { allForms, testExport } from "../../../test/onnx/one-layer.js";

const x = [2, 3, 4, 5];
for (const operation of ["SUM", "ASUM", "SUMSQ", "MEAN"]) {
  testExport(`type: "Reduction" reduction_param { operation: ${operation} axis: 2 coeff: -0.5 }`, [x], {
    opsets: allForms,
  });
  testExport(`type: "Reduction" reduction_param { operation: ${operation} axis: -1 }`, [x]);
  // All values, of as large a batch as a run gives.
  testExport(`type: "Reduction" reduction_param { operation: ${operation} coeff: 3 }`, [x], { error: 2e-6 });
}
