import { allForms, testExport } from "../../../test/onnx/one-layer.js";

/** Sums of two and a half batches: with their factor, a mean and a variance. */
const [sums, squares] = [
  [2.5, -5, 0.25],
  [2.5, 10, 0.025],
];
const blobs = (factor: number) => [[[3], sums] as const, [[3], squares] as const, [[1], [factor]] as const];
const fused = [...blobs(2.5), [[3], [0.5, 2, -1]] as const, [[3], [1, 0, -3]] as const];
const x = [2, 3, 4, 5];
const keep = { export: { batchNorm: "keep" as const }, error: 2e-6 };

// The factor divides averages, also where it is not 1; where it is 0, mean and variance are 0.
for (const factor of [1, 2.5, 0]) testExport(`type: "BatchNorm"`, [x], { ...keep, params: blobs(factor) });
testExport(`type: "BatchNorm" batch_norm_param { eps: 0.1 }`, [x], { ...keep, params: blobs(2.5) });
testExport(`type: "BatchNorm" batch_norm_param { use_global_stats: true }`, [[2, 3]], { ...keep, params: blobs(2.5) });
testExport(`type: "BatchNorm"`, [[4]], {
  ...keep,
  params: [
    [[1], [2]],
    [[1], [5]],
    [[1], [2]],
  ],
});
// The statistics of the batch, however large it is.
for (const shape of [x, [4, 3]]) {
  testExport(`type: "BatchNorm" batch_norm_param { use_global_stats: false eps: 0.01 }`, [shape], {
    ...keep,
    opsets: allForms,
    params: blobs(1),
  });
}
testExport(`type: "BatchNorm" batch_norm_param { use_global_stats: false }`, [[4]], {
  ...keep,
  params: [
    [[1], [2]],
    [[1], [5]],
    [[1], [2]],
  ],
});
// NVIDIA's does not divide; Intel's does.
testExport(`type: "BatchNorm" batch_norm_param { scale_bias: true eps: 0 }`, [x], { ...keep, params: fused });
testExport(`type: "BatchNorm" batch_norm_param { use_weight_bias: true bias_term: true relu: true }`, [x], {
  ...keep,
  params: fused,
});
testExport(`type: "BatchNorm" batch_norm_param { use_weight_bias: true bias_term: false }`, [x], {
  ...keep,
  params: fused.slice(0, 4),
});

const psp = [
  [0.5, 2, -1],
  [1, 0, -3],
  [3, 3, 3],
  [1, 2, 0.5],
].map((values) => [[1, 3, 1, 1], values] as const);
for (const type of ["BN", "SyncBN"]) {
  testExport(`type: "${type}" bn_param { eps: 0.001 momentum: 0.5 }`, [x], { ...keep, params: psp });
}
const tops = `top: "y" top: "mean" top: "var"`;
testExport(`type: "BN" bn_param { bn_mode: LEARN } ${tops}`, [x], { ...keep, params: psp.slice(0, 2), error: 1e-5 });
testExport(`type: "BN" bn_param { bn_mode: LEARN } ${tops}`, [[4, 3]], {
  ...keep,
  params: psp.slice(0, 2),
  error: 1e-5,
});
testExport(`type: "BN" bn_param { bn_mode: INFERENCE }`, [x], { ...keep, params: psp.slice(0, 2) });
