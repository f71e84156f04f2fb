import { allForms, testExport } from "../../../test/onnx/one-layer.js";

const scale = `scale_filler { type: "gaussian" std: 1 }`;
const x = [2, 3, 4, 5];
for (const across of [true, false]) {
  for (const shared of [true, false]) {
    testExport(`type: "Normalize" norm_param { ${scale} across_spatial: ${across} channel_shared: ${shared} }`, [x], {
      error: 2e-6,
      opsets: allForms,
    });
  }
}
testExport(`type: "Normalize" norm_param { ${scale} channel_shared: false eps: 0.5 }`, [[2, 6]], { error: 2e-6 });
testExport(`type: "Normalize" norm_param { across_spatial: false }`, [x], { error: 0, draw: () => 0 });
for (const kind of ["L1", "L2"]) {
  testExport(`type: "Normalize" normalize_param { normalize_type: "${kind}" } top: "y" top: "norm"`, [x], {
    error: 2e-6,
  });
}
