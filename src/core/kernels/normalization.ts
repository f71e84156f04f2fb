// Normalization: x (n, channels, inner).
import { elementwise, kernelOf } from "./kernel.js";
import type { Channels } from "./sizes.js";

/** mean, variance (biased) of each channel over n × inner; y = (x − mean)/√(variance + eps). May work in place. */
export const batchNorm = kernelOf<Channels>()(
  { x: "in", y: "out", mean: "out", variance: "out", eps: "number" },
  { operations: 6 },
);
/** dx = (dy − mean(dy) − y·mean(dy·y))/√(variance + eps), with y as written by `batchNorm`. May work in place. */
export const batchNormBackward = kernelOf<Channels>()(
  { y: "in", dy: "in", variance: "in", dx: "out", eps: "number" },
  { operations: 8 },
);
const running = { runningMean: "inout", runningVariance: "inout", factor: "inout1" } as const;
/**
 * factor = fraction·factor + 1; runningMean = fraction·runningMean + mean;
 * runningVariance = fraction·runningVariance + correction·variance
 */
export const batchNormAverage = elementwise(
  { mean: "in", variance: "in", ...running, fraction: "number", correction: "number" },
  { operations: 5 },
);
/** mean = runningMean/factor, variance = runningVariance/factor; 0 where factor is 0 */
export const batchNormGlobal = elementwise(
  { runningMean: "in", runningVariance: "in", factor: "in1", mean: "out", variance: "out" },
  { operations: 2 },
);
/** y = (x − mean)/√(variance + eps) with given statistics; without mean, y = x/√(variance + eps). May work in place. */
export const normalize = kernelOf<Channels>()(
  { x: "in", mean: "in?", variance: "in", y: "out", eps: "number" },
  { operations: 2 },
);

const window = { size: "number", alpha: "number", beta: "number" } as const;

/** scale = k + alpha/size·Σ x² over `size` channels around each channel; y = x·scale^−beta */
export const lrn = kernelOf<Channels>()(
  { x: "in", scale: "out", y: "out", ...window, k: "number" },
  { operations: ({ y, size }) => y.count * (2 * size + 3) },
);
export const lrnBackward = kernelOf<Channels>()(
  { x: "in", y: "in", scale: "in", dy: "in", dx: "out", ...window },
  { operations: ({ dx, size }) => dx.count * (2 * size + 5) },
);
