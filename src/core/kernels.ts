import type { Span } from "./span.js";

/**
 * The kernel vocabulary: everything an engine can do. A layer's forward and backward are lists of these.
 *
 * Arguments are plain: spans, sizes, coefficients. Arrays are row-major. Where a kernel walks the axes of
 * a blob they are collapsed into `outer × dim × inner` (or `n × channels × inner`). `y` is written,
 * `x` read; `dy` and `dx` are gradients. A kernel may work in place (`x` is `y`, `dy` is `dx`) where its
 * comment says so. What an argument's span is used for stands in access.ts.
 */
export interface Kernels {
  // ---- moving and combining; all of these may work in place

  /** y = value */
  fill: { y: Span; value: number };
  /** y = x */
  copy: { x: Span; y: Span };
  /** Copies `rows` runs of `width` values; consecutive runs start `xStride` and `yStride` apart. */
  copyRows: { x: Span; y: Span; rows: number; width: number; xStride: number; yStride: number };
  /** y row i = x row index[i], cut towards 0; rows have `width` values. Not in place. NaN where x has no such row. */
  gatherRows: { x: Span; index: Span; y: Span; rows: number; width: number };
  /** dx row index[i] += dy row i; nothing where dx has no such row. Not in place. */
  scatterRows: { dy: Span; index: Span; dx: Span; rows: number; width: number };
  /** y = a·x + b·y; with b = 0, y is not read */
  axpby: { x: Span; y: Span; a: number; b: number };
  /** y = Σ coefficients[i]·xs[i] */
  sum: { xs: readonly Span[]; coefficients: readonly number[]; y: Span };
  /** The same, and a ReLU after it: y = act(Σ coefficients[i]·xs[i]), act as in `batchNormFused`. */
  sumFused: { xs: readonly Span[]; coefficients: readonly number[]; y: Span; negativeSlope: number };
  /** y = a·b, value by value */
  mul: { a: Span; b: Span; y: Span };
  /** y = a/b, value by value */
  div: { a: Span; b: Span; y: Span };
  /** y = x·mask·scale */
  dropout: { x: Span; mask: Span; y: Span; scale: number };
  /** y = alpha·multiplier[0]·x */
  scaleBy: { x: Span; multiplier: Span; y: Span; alpha: number };
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
  /**
   * The same, and what follows in place: y = act(multiplier·(w ∗ x) + bias), multiplier and bias by output, act as in
   * `batchNormFused`. Without multiplier it is 1.
   */
  convFused: {
    x: Span;
    w: Span;
    multiplier: Span | undefined;
    bias: Span | undefined;
    y: Span;
    negativeSlope: number;
  } & ConvGeometry;
  /** dx = the gradient of `conv` for x */
  convBackwardData: { dy: Span; w: Span; dx: Span } & ConvGeometry;
  /** dw += the gradient of `conv` for w */
  convBackwardWeights: { x: Span; dy: Span; dw: Span } & ConvGeometry;

  // ---- pooling: x (planes, h, w), y (planes, oh, ow)

  /** y = the largest value under the window, the first of equals; mask = its index in the plane, if asked for */
  maxPool: { x: Span; y: Span; mask: Span | undefined } & PoolGeometry;
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
  /**
   * The same, and the Scale and ReLU after it, in one: y = act(x̂·scale + bias), x̂ the normalized x, and
   * act(v) = max(v, 0) + negativeSlope·min(v, 0), so that a negativeSlope of 1 leaves all as it is. May work in place.
   */
  batchNormFused: FusedNorm & Channels;
  /**
   * With d = dy·act′: dscale += Σ d·x̂, dbias += Σ d, and dx as `batchNormBackward` makes it of d·scale. May work in
   * place (dy is dx); x̂ is computed again from x.
   */
  batchNormFusedBackward: FusedNormGradient & Channels;
  /**
   * `batchNormFused`, and then pooling: y = pool(act(x̂·scale + bias)). What is pooled is never there as a whole; planes are
   * images × channels.
   */
  batchNormPool: FusedNorm & NormPool;
  /** `batchNormFusedBackward` of what pooling makes of dy. dx may be x. */
  batchNormPoolBackward: FusedNormGradient & NormPool;
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
  /**
   * The same, and the Scale (or Bias) and ReLU after it: y = act(x̂·scale + bias), act as in `batchNormFused`. Without
   * variance x̂ is x − mean. May work in place.
   */
  normalizeFused: GivenNorm & Channels;
  /** The same and then pooling, as `batchNormPool` does it. */
  normalizePool: GivenNorm & NormPool;
  /**
   * `normalize` and `scale` of what has been shifted by `shift`, as one multiplier and one offset for each channel:
   * multiplier = scale/√(variance + eps), offset = bias + (shift − mean)·multiplier. Without variance, multiplier = scale.
   */
  normToAffine: {
    mean: Span | undefined;
    variance: Span | undefined;
    scale: Span | undefined;
    bias: Span | undefined;
    shift: Span | undefined;
    multiplier: Span;
    offset: Span;
    eps: number;
  };
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
  scale: { x: Span; scale: Span; bias: Span | undefined; y: Span } & Collapsed;
  /** dscale = Σ x·dy over outer and inner, added to dscale if `accumulate` */
  scaleBackward: { x: Span; dy: Span; dscale: Span; accumulate: boolean } & Collapsed;
  /** y = x + bias[dim] */
  bias: { x: Span; bias: Span; y: Span } & Collapsed;
  /** dbias = Σ dy over outer and inner, added to dbias if `accumulate` */
  biasBackward: { dy: Span; dbias: Span; accumulate: boolean } & Collapsed;

  // ---- activations; all may work in place

  /** y = max(x, 0) + negativeSlope·min(x, 0) */
  relu: { x: Span; y: Span; negativeSlope: number };
  /** x or y will do: only its sign counts */
  reluBackward: { x: Span; dy: Span; dx: Span; negativeSlope: number };
  /** y = max(x, 0) + slope[dim]·min(x, 0) */
  prelu: { x: Span; slope: Span; y: Span } & Collapsed;
  preluBackward: { x: Span; slope: Span; dy: Span; dx: Span } & Collapsed;
  /** dslope += Σ dy·x where x ≤ 0 */
  preluBackwardSlope: { x: Span; dy: Span; dslope: Span } & Collapsed;
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
  /** y = e^(scale·x + shift) */
  exp: { x: Span; y: Span; scale: number; shift: number };
  /** y = log(scale·x + shift) */
  log: { x: Span; y: Span; scale: number; shift: number };
  logBackward: { x: Span; dy: Span; dx: Span; scale: number; shift: number };
  /** y = max(x, 0) + alpha·(e^min(x, 0) − 1) */
  elu: { x: Span; y: Span; alpha: number };
  /** Of x only the sign counts: y will do in its place unless alpha is negative. */
  eluBackward: { x: Span; y: Span; dy: Span; dx: Span; alpha: number };
  /** y = log(1 + e^x) */
  softplus: { x: Span; y: Span };
  softplusBackward: { x: Span; dy: Span; dx: Span };
  /** y = x/(1 + e^(−beta·x)) */
  swish: { x: Span; y: Span; beta: number };
  swishBackward: { x: Span; dy: Span; dx: Span; beta: number };
  /** y = max(min, min(x, max)); min where x is not a number */
  clip: { x: Span; y: Span; min: number; max: number };
  /** dx = dy where min ≤ x ≤ max, else 0 */
  clipBackward: { x: Span; dy: Span; dx: Span; min: number; max: number };
  /** y = 1 where x > threshold, else 0 */
  threshold: { x: Span; y: Span; threshold: number };

  // ---- recurrent: gates (n, 4, dim) of an LSTM, input, forget, output and candidate, before their nonlinearities;
  // cont (n) says whether a sequence goes on, 1, or begins, 0; all else (n, dim)

  /**
   * input, forget, output = sigmoid, candidate = tanh of the gates; c = cont·forget·cPrev + input·candidate;
   * h = output·tanh(c). c may be cPrev.
   */
  lstmUnit: { gates: Span; cPrev: Span; cont: Span; c: Span; h: Span } & Cells;
  /** Takes cont·forget for what the sigmoid gave, as Caffe does. dgates may be gates, and dcPrev dc. */
  lstmUnitBackward: {
    gates: Span;
    cPrev: Span;
    cont: Span;
    c: Span;
    dc: Span;
    dh: Span;
    dgates: Span;
    dcPrev: Span;
  } & Cells;

  // ---- classification: x (outer, dim, inner), dim classes; labels (outer, inner)

  /** y = e^x/Σ e^x over dim. May work in place. */
  softmax: { x: Span; y: Span } & Collapsed;
  softmaxBackward: { y: Span; dy: Span; dx: Span } & Collapsed;
  /** loss[0] = −Σ log max(prob[label], 2^−126)/normalizer */
  softmaxLoss: { prob: Span; label: Span; loss: Span } & Labels & Collapsed;
  /** dx = dloss[0]·(prob − [label])/normalizer, 0 for ignored labels */
  softmaxLossBackward: { prob: Span; label: Span; dloss: Span; dx: Span } & Labels & Collapsed;
  /** loss[0] = Σ (log(1 + e^x) − x·target)/normalizer, without ignored targets; each x has its own: dim is 1 */
  sigmoidLoss: { x: Span; target: Span; loss: Span } & Labels & Collapsed;
  /** dx = dloss[0]·(1/(1 + e^−x) − target)/normalizer, 0 for ignored targets */
  sigmoidLossBackward: { x: Span; target: Span; dloss: Span; dx: Span } & Labels & Collapsed;
  /** y[0] = share of labels whose score fewer than `topK` others reach; perClass the same for each class, 0 for one without labels */
  accuracy: {
    x: Span;
    label: Span;
    y: Span;
    perClass: Span | undefined;
    topK: number;
    ignore: number | undefined;
  } & Collapsed;

  // ---- solvers

  /** y[0] += Σ x² */
  sumSquares: { x: Span; y: Span };
  // One step each of the solvers, as Caffe takes it: from the gradient g of `Descent`, dw = the step; w −= dw.
  // rate below is rate[0]·rateScale.

  /** history = rate·g + momentum·history; dw = history */
  sgd: { history: Span; momentum: number } & Descent;
  /** history as in `sgd`; dw = (1 + momentum)·history − momentum·(history as it was) */
  nesterov: { history: Span; momentum: number } & Descent;
  /** history += g²; dw = rate·g/(√history + delta) */
  adaGrad: { history: Span; delta: number } & Descent;
  /** history = rmsDecay·history + (1 − rmsDecay)·g²; dw = rate·g/(√history + delta) */
  rmsProp: { history: Span; rmsDecay: number; delta: number } & Descent;
  /**
   * gradients = momentum·gradients + (1 − momentum)·g²; u = g·√((delta + updates)/(delta + gradients));
   * updates = momentum·updates + (1 − momentum)·u²; dw = rate·u
   */
  adaDelta: { gradients: Span; updates: Span; momentum: number; delta: number } & Descent;
  /**
   * mean = momentum·mean + (1 − momentum)·g; square = momentum2·square + (1 − momentum2)·g²;
   * dw = rate·correction[0]·mean/(√square + delta)
   */
  adam: {
    mean: Span;
    square: Span;
    correction: Span;
    momentum: number;
    momentum2: number;
    delta: number;
  } & Descent;
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

/** BatchNorm by the statistics of its batch, and the Scale and ReLU after it. */
export interface FusedNorm {
  readonly x: Span;
  readonly y: Span;
  readonly mean: Span;
  readonly variance: Span;
  readonly scale: Span | undefined;
  readonly bias: Span | undefined;
  readonly negativeSlope: number;
  readonly eps: number;
}

export interface FusedNormGradient {
  readonly x: Span;
  readonly dy: Span;
  readonly dx: Span;
  readonly mean: Span;
  readonly variance: Span;
  readonly scale: Span | undefined;
  readonly bias: Span | undefined;
  readonly dscale: Span | undefined;
  readonly dbias: Span | undefined;
  readonly negativeSlope: number;
  readonly eps: number;
}

/** The same by given statistics, if there are any. */
export interface GivenNorm {
  readonly x: Span;
  readonly y: Span;
  readonly mean: Span | undefined;
  readonly variance: Span | undefined;
  readonly scale: Span | undefined;
  readonly bias: Span | undefined;
  readonly negativeSlope: number;
  readonly eps: number;
}

/** Pooling of what is normalized by channel. */
export interface NormPool extends PoolGeometry {
  readonly channels: number;
  readonly method: "MAX" | "AVE";
}

export interface Channels {
  readonly n: number;
  readonly channels: number;
  readonly inner: number;
}

export interface Collapsed {
  readonly outer: number;
  readonly dim: number;
  readonly inner: number;
}

export interface Cells {
  readonly n: number;
  readonly dim: number;
}

export interface Labels {
  /** A label that does not count; `undefined` for none. */
  readonly ignore: number | undefined;
  /** What a sum of losses is divided by: all labels, those not ignored, `outer`, or 1; never less than 1. */
  readonly normalization: "full" | "valid" | "batchSize" | "none";
}

/** What every step of a solver has: g = gradientScale·clip[0]·dw + decay·w (or decay·sign(w)). */
export interface Descent {
  readonly w: Span;
  /** The gradient; what was taken off w afterwards. */
  readonly dw: Span;
  readonly rate: Span;
  readonly clip: Span;
  readonly rateScale: number;
  readonly gradientScale: number;
  readonly decay: number;
  readonly decayNorm: "L1" | "L2";
}

export type KernelName = keyof Kernels;
