// The WebAssembly part of the `wasm` engine: kernels over one linear memory, which TypeScript allocates.
//
// Addresses are bytes, sizes are values (f32). Every kernel starts with `from` and `to`: it does this part of its
// work. Pieces do not depend on each other, so that threads can share a call; the comment of each kernel says what a
// piece is. No kernel allocates, and none reads or writes outside its spans and its thread's workspace.

export * from "./activation";
export {
  batchNorm,
  batchNormAverage,
  batchNormBackward,
  batchNormGlobal,
  batchNormScratch,
  normalize,
} from "./batch-norm";
export { batchNormFused, batchNormFusedBackward, normalizeFused, normToAffine } from "./batch-norm-fused";
export {
  batchNormPool,
  batchNormPoolBackward,
  batchNormPoolBackwardApply,
  batchNormPoolBackwardSums,
  normalizePool,
} from "./batch-norm-pool";
export {
  batchNormBackwardApply,
  batchNormBackwardSums,
  batchNormFusedBackwardApply,
  batchNormFusedBackwardSums,
  batchNormMoments,
} from "./batch-norm-ranks";
export * from "./clip";
export { conv, convBackwardData, convBackwardWeights, convScratch, convWeights } from "./conv";
export { convBlas, convBlasBackwardData, convBlasBackwardWeights } from "./conv-blas";
export { convDepthwise } from "./conv-depthwise";
export { convDepthwiseBackwardData, convDepthwiseBackwardWeights } from "./conv-depthwise-gradient";
export * from "./conv-direct";
export * from "./elementwise";
export * from "./exponential";
export { gemm, gemmScratch } from "./gemm";
export { gemmBlas } from "./gemm-blas";
export { gemv } from "./gemv";
export * from "./hard";
export { interpolate, interpolateBackward } from "./interpolate";
export * from "./loss";
export { lrn, lrnBackward, lrnScratch } from "./lrn";
export { lstmUnit, lstmUnitBackward } from "./lstm";
export { tall } from "./micro";
export { mish, mishBackward } from "./mish";
export { permute } from "./permute";
export { avePool } from "./pool-average";
export { avePoolBackward } from "./pool-average-backward";
export { maxPool } from "./pool-max";
export { maxPoolBackward } from "./pool-max-backward";
export { power, powerBackward } from "./power";
export { dot } from "./reduce";
export { regionAverage, regionAverageBackward, regionMax, regionMaxBackward } from "./regions";
export * from "./rows";
export { bias, biasBackward, scale, scaleAdd, scaleBackward, sumDimsScratch } from "./scale";
export * from "./sigmoid-loss";
export * from "./softmax";
export * from "./solver";
export { unpool, unpoolBackward, upsample, upsampleBackward } from "./upsample";
export { winograd, winogradScratch, winogradWeights } from "./winograd";
export {
  winogradBlas,
  winogradBlasGradient,
  winogradBlasGradientParts,
  winogradBlasWeights,
} from "./winograd-blas";
export { winogradGradient, winogradGradientParts, winogradGradientSum } from "./winograd-gradient";
export { common, workspace } from "./workspace";

/** The address after the module's own constants: TypeScript must not allocate memory below it. */
export const heapStart: usize = __heap_base;
