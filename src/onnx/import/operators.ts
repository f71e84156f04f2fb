// All operators of ONNX that become layers; a new one gets its row here. Those of constants alone are in `fold/`.
export {
  abs as Abs,
  elu as Elu,
  exp as Exp,
  leakyRelu as LeakyRelu,
  log as Log,
  mish as Mish,
  neg as Neg,
  reciprocal as Reciprocal,
  relu as Relu,
  selu as Selu,
  sigmoid as Sigmoid,
  softplus as Softplus,
  softsign as Softsign,
  sqrt as Sqrt,
  tanh as Tanh,
} from "./activation.js";
export { argMax as ArgMax } from "./arg-max.js";
export {
  add as Add,
  div as Div,
  max as Max,
  mean as Mean,
  min as Min,
  mul as Mul,
  pow as Pow,
  sub as Sub,
  sum as Sum,
} from "./arithmetic.js";
export { batchNormalization as BatchNormalization } from "./batch-normalization.js";
export { clip as Clip } from "./clip.js";
export { concat as Concat } from "./concat.js";
export { conv as Conv } from "./conv.js";
export { convTranspose as ConvTranspose } from "./conv-transpose.js";
export { depthToSpace as DepthToSpace, spaceToDepth as SpaceToDepth } from "./depth-to-space.js";
export { gather as Gather } from "./gather.js";
export { gemm as Gemm, matMul as MatMul } from "./gemm.js";
export { globalAveragePool as GlobalAveragePool, globalMaxPool as GlobalMaxPool } from "./global-pool.js";
export { hardSigmoid as HardSigmoid, hardSwish as HardSwish } from "./hard.js";
export { instanceNormalization as InstanceNormalization } from "./instance-normalization.js";
export { lrn as LRN } from "./lrn.js";
export { pad as Pad } from "./pad.js";
export { cast as Cast, pass as Dropout, pass as Identity } from "./pass.js";
export { averagePool as AveragePool, maxPool as MaxPool } from "./pool.js";
export { prelu as PRelu } from "./prelu.js";
export {
  reduceL1 as ReduceL1,
  reduceL2 as ReduceL2,
  reduceMax as ReduceMax,
  reduceMean as ReduceMean,
  reduceMin as ReduceMin,
  reduceSum as ReduceSum,
  reduceSumSquare as ReduceSumSquare,
} from "./reduce.js";
export { flatten as Flatten, reshape as Reshape, squeeze as Squeeze, unsqueeze as Unsqueeze } from "./reshape.js";
export { resize as Resize, resize as Upsample } from "./resize.js";
export { slice as Slice } from "./slice.js";
export { logSoftmax as LogSoftmax, softmax as Softmax } from "./softmax.js";
export { split as Split } from "./split.js";
export { expand as Expand, tile as Tile } from "./tile.js";
export { transpose as Transpose } from "./transpose.js";
