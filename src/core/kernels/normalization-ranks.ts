// Batch normalization over several ranks: x (n, channels, inner). What `batchNorm` and its gradient do at once is divided where
// the ranks add up their sums. Sums and averages are two values of each channel, in double precision, stored as pairs
// (util/double-pairs.ts): 4 numbers a channel.

import { call, fusedOf, kernelOf } from "./kernel.js";
import { channelsOf, multiply, throughActivation, throughPooling } from "./lowering-norm.js";
import { biasBackward, scaleBackward } from "./scale.js";
import { type Channels, type NormPool, poolOperations } from "./sizes.js";

/**
 * What this rank adds to the statistics: of each channel Σ (x − center), and Σ (x − center)², which is made from the mean and
 * the squared distances from it. center = runningMean/factor, which is the same on all ranks; 0 where factor is 0 or the
 * quotient is not finite.
 */
export const batchNormMoments = kernelOf<Channels>()(
  { x: "in", runningMean: "in", factor: "in1", center: "out", sums: "out" },
  { operations: 4 },
);

/** The first half of `batchNormBackward`: Σ dy and Σ dy·y of each channel. */
export const batchNormBackwardSums = kernelOf<Channels>()({ y: "in", dy: "in", sums: "out" }, { operations: 3 });

/** The second half: dx = (dy − a − y·b)/√(variance + eps), where a and b are the averages of dy and dy·y. May work in place. */
export const batchNormBackwardApply = kernelOf<Channels>()(
  { y: "in", dy: "in", variance: "in", averages: "in", dx: "out", eps: "number" },
  { operations: 5 },
);

const given = {
  mean: "in",
  variance: "in",
  scale: "in?",
  bias: "in?",
  negativeSlope: "number",
  eps: "number",
} as const;
const first = { x: "in", dy: "in", ...given, dscale: "inout?", dbias: "inout?", sums: "out" } as const;
const second = { x: "in", dy: "in", ...given, averages: "in", dx: "out" } as const;

/**
 * The first half of `batchNormFusedBackward`. With d = dy·act′: the sums are Σ d·scale and Σ d·scale·x̂ of each channel; and
 * dscale += Σ d·x̂, dbias += Σ d.
 */
export const batchNormFusedBackwardSums = fusedOf<Channels>()(first, {
  operations: 8,
  lowersTo: (args, scratch) => {
    const { sums, dscale, dbias, n, channels, inner } = args;
    const size = { outer: n, dim: channels, inner };
    const { normalized, d, calls } = throughActivation(args, scratch);
    return [
      ...calls,
      ...(dscale ? [call(scaleBackward, { x: normalized, dy: d, dscale, accumulate: true, ...size })] : []),
      ...(dbias ? [call(biasBackward, { dy: d, dbias, accumulate: true, ...size })] : []),
      ...multiply(d, args.scale, args),
      call(batchNormBackwardSums, { y: normalized, dy: d, sums, n, channels, inner }),
    ];
  },
});

/** The second half: dx, from the averages of the two sums. May work in place (dy is dx). */
export const batchNormFusedBackwardApply = fusedOf<Channels>()(second, {
  operations: 9,
  overwrites: { dx: ["x", "dy"] },
  lowersTo: (args, scratch) => {
    const { averages, variance, dx, eps, n, channels, inner } = args;
    const { normalized, d, calls } = throughActivation(args, scratch);
    return [
      ...calls,
      ...multiply(d, args.scale, args),
      call(batchNormBackwardApply, { y: normalized, dy: d, variance, averages, dx, eps, n, channels, inner }),
    ];
  },
});

/** The first half of `batchNormPoolBackward`. */
export const batchNormPoolBackwardSums = fusedOf<NormPool>()(first, {
  operations: (args) => pooled(8, args),
  lowersTo: (args, scratch) => {
    const { dx: dy, calls } = throughPooling(args, scratch);
    return [...calls, ...batchNormFusedBackwardSums.lowersTo({ ...args, ...channelsOf(args), dy }, scratch)];
  },
});

/** The second half. dx may be x. */
export const batchNormPoolBackwardApply = fusedOf<NormPool>()(second, {
  operations: (args) => pooled(9, args),
  overwrites: { dx: ["x"] },
  lowersTo: (args, scratch) => {
    const { dx: dy, calls } = throughPooling(args, scratch);
    return [...calls, ...batchNormFusedBackwardApply.lowersTo({ ...args, ...channelsOf(args), dy }, scratch)];
  },
});

/** Operations: `each` for every value of the planes, plus those of pooling, forward and backward. */
function pooled(each: number, args: NormPool): number {
  return (each + 5) * args.planes * args.input[0] * args.input[1] + 2 * poolOperations(args);
}
