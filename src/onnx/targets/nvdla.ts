import { type Target, targetOf } from "./target.js";

/**
 * NVIDIA's NVDLA compiler.
 *
 * Source: the table of parsers in nvdla/sw, `umd/core/src/compiler/caffe/CaffeParser.cpp` (commit 1ae4738), which also skips
 * Dropout and ignores Flatten. Scale takes one bottom. Deconvolution takes no groups, which is not checked here.
 */
export const nvdla: Target = targetOf(
  "nvdla",
  "NVIDIA's NVDLA",
  "Input Convolution Pooling InnerProduct ReLU Softmax LRN Power Eltwise Concat Deconvolution Sigmoid TanH BatchNorm Scale " +
    "Dropout Flatten",
  { oneBottom: ["Scale"] },
);
