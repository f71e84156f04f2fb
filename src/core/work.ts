import { countOf } from "../util/shape.js";
import type { Collapsed, ConvGeometry, KernelName, Kernels, NormPool, PoolGeometry } from "./kernels.js";
import type { Step } from "./program.js";
import { usesOf, valuesIn } from "./uses.js";

/** Floating point operations of a call; a multiplication with an addition is two, a root or an exponential one. */
type Flops = { readonly [K in KernelName]?: number | ((args: Kernels[K]) => number) };

const conv = ({ n, channels, outputs, group, output, kernel }: ConvGeometry) =>
  2 * n * outputs * countOf(output) * (channels / group) * countOf(kernel);
const pool = ({ planes, output, kernel }: PoolGeometry) => planes * countOf(output) * countOf(kernel);
/** So many for each value of the plane, and the pooling. */
const pooled = (each: number, args: NormPool) => each * args.planes * countOf(args.input) + pool(args);
const values = ({ outer, dim, inner }: Collapsed) => outer * dim * inner;

/** A number counts for each value of the largest span; a kernel that is not here takes one for each. Copies are free. */
const flops: Flops = {
  fill: 0,
  copy: 0,
  copyRows: 0,
  axpby: 3,
  sum: ({ xs, y }) => 2 * xs.length * y.count,
  sumFused: ({ xs, y }) => (2 * xs.length + 1) * y.count,
  dropout: 2,
  dot: 2,
  gemm: ({ m, n, k }) => 2 * m * n * k,
  conv: ({ bias, n, outputs, output, ...geometry }) =>
    conv({ n, outputs, output, ...geometry }) + (bias ? n * outputs * countOf(output) : 0),
  convFused: ({ n, outputs, output, ...geometry }) =>
    conv({ n, outputs, output, ...geometry }) + 3 * n * outputs * countOf(output),
  convBackwardData: conv,
  convBackwardWeights: conv,
  maxPool: pool,
  maxPoolBackward: ({ dy }) => dy.count,
  avePool: pool,
  avePoolBackward: pool,
  batchNorm: 6,
  batchNormBackward: 8,
  batchNormFused: 9,
  batchNormFusedBackward: 13,
  batchNormPool: (args) => pooled(9, args),
  batchNormPoolBackward: (args) => pooled(13, args) + pooled(5, args),
  batchNormAverage: 5,
  batchNormGlobal: 2,
  normalize: 2,
  normalizeFused: 5,
  normalizePool: (args) => pooled(5, args),
  normToAffine: 5,
  lrn: ({ y, size }) => y.count * (2 * size + 3),
  lrnBackward: ({ dx, size }) => dx.count * (2 * size + 5),
  scale: ({ bias, ...size }) => values(size) * (bias ? 2 : 1),
  scaleBackward: 2,
  preluBackwardSlope: 2,
  sigmoid: 3,
  sigmoidBackward: 3,
  tanhBackward: 3,
  power: 3,
  powerBackward: 4,
  softmax: 4,
  softmaxBackward: 4,
  softmaxLoss: ({ label }) => 2 * label.count,
  sumSquares: 2,
  sgd: 7,
};

/** Floating point operations of a step, by the textbook, however an engine does it; `undefined` for a host step. */
export function flopsOf(step: Step): number | undefined {
  if (step.kind === "host") return undefined;
  const work: unknown = flops[step.kernel] ?? 1;
  if (typeof work === "function") return (work as (args: unknown) => number)(step.args);
  const { reads, writes } = usesOf(step);
  return (work as number) * Math.max(...[...reads, ...writes].map(valuesIn));
}
