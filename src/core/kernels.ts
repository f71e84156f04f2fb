import type { Span } from "./span.js";

/**
 * The kernel vocabulary: everything an engine can do. A layer's forward and backward are lists of these.
 *
 * Arguments are plain: spans, sizes, coefficients. Arrays are row-major. Where a kernel walks the axes of
 * a blob they are folded into `outer × dim × inner` (or `n × channels × inner`). `y` is written,
 * `x` read; `dy` and `dx` are gradients. A kernel may work in place (`x` is `y`, `dy` is `dx`) where its
 * comment says so. What an argument's span is used for stands in `access` below.
 */
export interface Kernels {
  // ---- moving and combining; all of these may work in place

  /** y = value */
  fill: { y: Span; value: number };
  /** y = x */
  copy: { x: Span; y: Span };
  /** Copies `rows` runs of `width` values; consecutive runs start `xStride` and `yStride` apart. */
  copyRows: { x: Span; y: Span; rows: number; width: number; xStride: number; yStride: number };
  /** y = a·x + b·y; with b = 0, y is not read */
  axpby: { x: Span; y: Span; a: number; b: number };
  /** y = Σ coefficients[i]·xs[i] */
  sum: { xs: readonly Span[]; coefficients: readonly number[]; y: Span };
  /** y = a·b, value by value */
  mul: { a: Span; b: Span; y: Span };
  /** y = a/b, value by value */
  div: { a: Span; b: Span; y: Span };
  /** y = x·mask·scale */
  dropout: { x: Span; mask: Span; y: Span; scale: number };
  /** y = alpha·factor[0]·x */
  scaleBy: { x: Span; factor: Span; y: Span; alpha: number };
  /** y[0] = alpha·Σ a·b */
  dot: { a: Span; b: Span; y: Span; alpha: number };
  /**
   * One step of a running maximum: where `x` wins, y = x and mask = index.
   * `x` wins if x > y, or, with `ties`, unless y > x.
   */
  maxOf: { x: Span; y: Span; mask: Span; index: number; ties: boolean };
  /** dx = dy where mask = index, else 0 */
  maxOfBackward: { dy: Span; mask: Span; dx: Span; index: number };

  // ---- matrices

  /** C = alpha·op(A)·op(B) + beta·C, op(A) m×k, op(B) k×n; with beta = 0, C is not read */
  gemm: {
    a: Span;
    b: Span;
    c: Span;
    m: number;
    n: number;
    k: number;
    transA: boolean;
    transB: boolean;
    alpha: number;
    beta: number;
  };

  // ---- convolution: x (n, channels, …input), w (outputs, channels/group, …kernel), y (n, outputs, …output)

  /** y = w ∗ x + bias */
  conv: { x: Span; w: Span; bias: Span | undefined; y: Span } & ConvGeometry;
  /** dx = the gradient of `conv` for x */
  convBackwardData: { dy: Span; w: Span; dx: Span } & ConvGeometry;
  /** dw += the gradient of `conv` for w */
  convBackwardWeights: { x: Span; dy: Span; dw: Span } & ConvGeometry;

  // ---- pooling: x (planes, h, w), y (planes, oh, ow)

  /** y = the largest value under the window, the first of equals; mask = its index in the plane */
  maxPool: { x: Span; y: Span; mask: Span } & PoolGeometry;
  /** dx[mask] += dy, from zero */
  maxPoolBackward: { dy: Span; mask: Span; dx: Span } & PoolGeometry;
  /** y = the sum under the window over its size, which counts padding but not what lies beyond it */
  avePool: { x: Span; y: Span } & PoolGeometry;
  avePoolBackward: { dy: Span; dx: Span } & PoolGeometry;

  // ---- normalization: x (n, channels, inner)

  /** mean, variance (biased) of each channel over n × inner; y = (x − mean)/√(variance + eps). May work in place. */
  batchNorm: { x: Span; y: Span; mean: Span; variance: Span; eps: number } & Channels;
  /** dx = (dy − mean(dy) − y·mean(dy·y))/√(variance + eps), y as `batchNorm` left it. May work in place. */
  batchNormBackward: { y: Span; dy: Span; variance: Span; dx: Span; eps: number } & Channels;
  /** factor = fraction·factor + 1; mean and variance likewise, the variance unbiased by `correction` */
  batchNormAverage: {
    mean: Span;
    variance: Span;
    runningMean: Span;
    runningVariance: Span;
    factor: Span;
    fraction: number;
    correction: number;
  };
  /** mean = runningMean/factor, variance = runningVariance/factor; 0 where factor is 0 */
  batchNormGlobal: { runningMean: Span; runningVariance: Span; factor: Span; mean: Span; variance: Span };
  /** y = (x − mean)/√(variance + eps) with given statistics; without mean, y = x/√(variance + eps). May work in place. */
  normalize: { x: Span; mean: Span | undefined; variance: Span; y: Span; eps: number } & Channels;
  /** scale = k + alpha/size·Σ x² over `size` channels around each; y = x·scale^−beta */
  lrn: { x: Span; scale: Span; y: Span; size: number; alpha: number; beta: number; k: number } & Channels;
  lrnBackward: {
    x: Span;
    y: Span;
    scale: Span;
    dy: Span;
    dx: Span;
    size: number;
    alpha: number;
    beta: number;
  } & Channels;

  // ---- scale and bias: x (outer, dim, inner); all may work in place

  /** y = x·scale[dim] + bias[dim] */
  scale: { x: Span; scale: Span; bias: Span | undefined; y: Span } & Folded;
  /** dscale = Σ x·dy over outer and inner, added to dscale if `accumulate` */
  scaleBackward: { x: Span; dy: Span; dscale: Span; accumulate: boolean } & Folded;
  /** y = x + bias[dim] */
  bias: { x: Span; bias: Span; y: Span } & Folded;
  /** dbias = Σ dy over outer and inner, added to dbias if `accumulate` */
  biasBackward: { dy: Span; dbias: Span; accumulate: boolean } & Folded;

  // ---- activations; all may work in place

  /** y = max(x, 0) + slope·min(x, 0) */
  relu: { x: Span; y: Span; slope: number };
  /** x or y will do: only its sign counts */
  reluBackward: { x: Span; dy: Span; dx: Span; slope: number };
  /** y = max(x, 0) + slope[dim]·min(x, 0) */
  prelu: { x: Span; slope: Span; y: Span } & Folded;
  preluBackward: { x: Span; slope: Span; dy: Span; dx: Span } & Folded;
  /** dslope += Σ dy·x where x ≤ 0 */
  preluBackwardSlope: { x: Span; dy: Span; dslope: Span } & Folded;
  /** y = |x| */
  abs: { x: Span; y: Span };
  /** dx = dy·sign(x), 0 where x is */
  absBackward: { x: Span; dy: Span; dx: Span };
  /** y = 1/(1 + e^−x) */
  sigmoid: { x: Span; y: Span };
  sigmoidBackward: { y: Span; dy: Span; dx: Span };
  tanh: { x: Span; y: Span };
  tanhBackward: { y: Span; dy: Span; dx: Span };
  /** y = (shift + scale·x)^power */
  power: { x: Span; y: Span; power: number; scale: number; shift: number };
  powerBackward: { x: Span; dy: Span; dx: Span; power: number; scale: number; shift: number };

  // ---- classification: x (outer, dim, inner), dim classes; labels (outer, inner)

  /** y = e^x/Σ e^x over dim. May work in place. */
  softmax: { x: Span; y: Span } & Folded;
  softmaxBackward: { y: Span; dy: Span; dx: Span } & Folded;
  /** loss[0] = −Σ log max(prob[label], 2^−126)/normalizer */
  softmaxLoss: { prob: Span; label: Span; loss: Span } & Labels & Folded;
  /** dx = dloss[0]·(prob − [label])/normalizer, 0 for ignored labels */
  softmaxLossBackward: { prob: Span; label: Span; dloss: Span; dx: Span } & Labels & Folded;
  /** y[0] = share of labels whose score fewer than `topK` others reach; perClass the same for each class, 0 for one without labels */
  accuracy: {
    x: Span;
    label: Span;
    y: Span;
    perClass: Span | undefined;
    topK: number;
    ignore: number | undefined;
  } & Folded;

  // ---- solvers

  /** y[0] += Σ x² */
  sumSquares: { x: Span; y: Span };
  /**
   * One step of gradient descent with momentum, as Caffe takes it: g = gradientScale·clip[0]·dw +
   * decay·w (or decay·sign(w)); history = rate[0]·rateScale·g + momentum·history; dw = history;
   * w −= dw.
   */
  sgd: {
    w: Span;
    dw: Span;
    history: Span;
    rate: Span;
    clip: Span;
    rateScale: number;
    gradientScale: number;
    momentum: number;
    decay: number;
    decayNorm: "L1" | "L2";
  };
}

export interface ConvGeometry {
  readonly n: number;
  readonly channels: number;
  readonly outputs: number;
  readonly group: number;
  /** One entry a spatial axis, in all of these. */
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  readonly dilation: readonly number[];
}

export interface PoolGeometry {
  /** Images × channels. */
  readonly planes: number;
  /** Height and width, in all of these. */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad: readonly [number, number];
}

export interface Channels {
  readonly n: number;
  readonly channels: number;
  readonly inner: number;
}

export interface Folded {
  readonly outer: number;
  readonly dim: number;
  readonly inner: number;
}

export interface Labels {
  /** A label that does not count; `undefined` for none. */
  readonly ignore: number | undefined;
  /** What a sum of losses is divided by: all labels, those not ignored, `outer`, or 1; never less than 1. */
  readonly normalization: "full" | "valid" | "batchSize" | "none";
}

export type KernelName = keyof Kernels;

/** How a kernel uses a span: reads it, overwrites all of it, or reads and writes. */
export type Access = "in" | "out" | "inout";

type SpanArguments<A> = {
  [K in keyof A as A[K] extends Span | undefined | readonly Span[] ? K : never]: Access;
};

/** What passes and engines must know of each kernel's spans. */
export const access: { readonly [K in KernelName]: SpanArguments<Kernels[K]> } = {
  fill: { y: "out" },
  copy: { x: "in", y: "out" },
  copyRows: { x: "in", y: "inout" },
  axpby: { x: "in", y: "inout" },
  sum: { xs: "in", y: "out" },
  mul: { a: "in", b: "in", y: "out" },
  div: { a: "in", b: "in", y: "out" },
  dropout: { x: "in", mask: "in", y: "out" },
  scaleBy: { x: "in", factor: "in", y: "out" },
  dot: { a: "in", b: "in", y: "out" },
  maxOf: { x: "in", y: "inout", mask: "inout" },
  maxOfBackward: { dy: "in", mask: "in", dx: "out" },
  gemm: { a: "in", b: "in", c: "inout" },
  conv: { x: "in", w: "in", bias: "in", y: "out" },
  convBackwardData: { dy: "in", w: "in", dx: "out" },
  convBackwardWeights: { x: "in", dy: "in", dw: "inout" },
  maxPool: { x: "in", y: "out", mask: "out" },
  maxPoolBackward: { dy: "in", mask: "in", dx: "out" },
  avePool: { x: "in", y: "out" },
  avePoolBackward: { dy: "in", dx: "out" },
  batchNorm: { x: "in", y: "out", mean: "out", variance: "out" },
  batchNormBackward: { y: "in", dy: "in", variance: "in", dx: "out" },
  batchNormAverage: { mean: "in", variance: "in", runningMean: "inout", runningVariance: "inout", factor: "inout" },
  batchNormGlobal: { runningMean: "in", runningVariance: "in", factor: "in", mean: "out", variance: "out" },
  normalize: { x: "in", mean: "in", variance: "in", y: "out" },
  lrn: { x: "in", scale: "out", y: "out" },
  lrnBackward: { x: "in", y: "in", scale: "in", dy: "in", dx: "out" },
  scale: { x: "in", scale: "in", bias: "in", y: "out" },
  scaleBackward: { x: "in", dy: "in", dscale: "inout" },
  bias: { x: "in", bias: "in", y: "out" },
  biasBackward: { dy: "in", dbias: "inout" },
  relu: { x: "in", y: "out" },
  reluBackward: { x: "in", dy: "in", dx: "out" },
  prelu: { x: "in", slope: "in", y: "out" },
  preluBackward: { x: "in", slope: "in", dy: "in", dx: "out" },
  preluBackwardSlope: { x: "in", dy: "in", dslope: "inout" },
  abs: { x: "in", y: "out" },
  absBackward: { x: "in", dy: "in", dx: "out" },
  sigmoid: { x: "in", y: "out" },
  sigmoidBackward: { y: "in", dy: "in", dx: "out" },
  tanh: { x: "in", y: "out" },
  tanhBackward: { y: "in", dy: "in", dx: "out" },
  power: { x: "in", y: "out" },
  powerBackward: { x: "in", dy: "in", dx: "out" },
  softmax: { x: "in", y: "out" },
  softmaxBackward: { y: "in", dy: "in", dx: "out" },
  softmaxLoss: { prob: "in", label: "in", loss: "out" },
  softmaxLossBackward: { prob: "in", label: "in", dloss: "in", dx: "out" },
  accuracy: { x: "in", label: "in", y: "out", perClass: "out" },
  sumSquares: { x: "in", y: "inout" },
  sgd: { w: "inout", dw: "inout", history: "inout", rate: "in", clip: "in" },
};

export const kernelNames = Object.keys(access) as KernelName[];
