// Normalization fused with the layers after it: x (n, channels, inner).

import type { Span } from "../span.js";
import { power } from "./activation.js";
import { axpby, copy, fill, mul, sum } from "./elementwise.js";
import { type ArgumentsFrom, type Call, call, fusedOf, type Scratch } from "./kernel.js";
import { activate, shift } from "./lowering.js";
import { channelsOf, multiply, throughActivation, throughPooling } from "./lowering-norm.js";
import { batchNorm, batchNormBackward, normalize } from "./normalization.js";
import { avePool, maxPool } from "./pooling.js";
import { bias, biasBackward, scaleBackward } from "./scale.js";
import { type Channels, type NormPool, poolOperations } from "./sizes.js";

const affine = { scale: "in?", bias: "in?", negativeSlope: "number", eps: "number" } as const;
/** Normalization by the statistics of the batch. */
const norm = { x: "in", y: "out", mean: "out", variance: "out", ...affine } as const;
const statistics = { mean: "in", variance: "in" } as const;
const gradient = { x: "in", dy: "in", dx: "out", ...statistics, ...affine, dscale: "inout?", dbias: "inout?" } as const;
/** Normalization by given statistics, if there are any. */
const optional = { mean: "in?", variance: "in?" } as const;
const given = { ...norm, ...optional } as const;

/**
 * `batchNorm`, and the Scale and ReLU after it: y = act(x̂·scale + bias), where x̂ is the normalized x and
 * act(v) = max(v, 0) + negativeSlope·min(v, 0). With a negativeSlope of 1, act(v) = v. May work in place.
 */
export const batchNormFused = fusedOf<Channels>()(norm, {
  operations: 9,
  overwrites: { y: ["x"] },
  lowersTo: (args) => [call(batchNorm, args), ...shift(args.y, args), ...activate(args.y, args.negativeSlope)],
});

/**
 * With d = dy·act′: dscale += Σ d·x̂, dbias += Σ d, and dx as `batchNormBackward` makes it of d·scale. May work in
 * place (dy is dx); x̂ is computed again from x.
 */
export const batchNormFusedBackward = fusedOf<Channels>()(gradient, {
  operations: 13,
  overwrites: { dx: ["x", "dy"] },
  lowersTo: (args, scratch) => {
    const { dx, variance, dscale, dbias, eps, n, channels, inner } = args;
    const size = { outer: n, dim: channels, inner };
    const { normalized, d, calls } = throughActivation(args, scratch);
    return [
      ...calls,
      ...(dscale ? [call(scaleBackward, { x: normalized, dy: d, dscale, accumulate: true, ...size })] : []),
      ...(dbias ? [call(biasBackward, { dy: d, dbias, accumulate: true, ...size })] : []),
      ...multiply(d, args.scale, args),
      call(batchNormBackward, { y: normalized, dy: d, variance, dx, eps, n, channels, inner }),
    ];
  },
});

/**
 * `normalize`, and the Scale (or Bias) and ReLU after it: y = act(x̂·scale + bias), act as in `batchNormFused`. Without
 * variance x̂ is x − mean. May work in place.
 */
export const normalizeFused = fusedOf<Channels>()(given, {
  operations: 5,
  overwrites: { y: ["x"] },
  lowersTo: (args, scratch) => [
    ...center(args, scratch),
    ...shift(args.y, args),
    ...activate(args.y, args.negativeSlope),
  ],
});

function center({ variance, ...args }: ArgumentsFrom<typeof given> & Channels, scratch: Scratch): readonly Call[] {
  const { x, mean, y, n, channels, inner } = args;
  if (variance) return [call(normalize, { ...args, variance })];
  if (!mean) return [call(copy, { x, y })];
  const negative = scratch(channels);
  return [
    call(axpby, { x: mean, y: negative, a: -1, b: 0 }),
    call(bias, { x, bias: negative, y, outer: n, dim: channels, inner }),
  ];
}

/**
 * `batchNormFused`, and then pooling: y = pool(act(x̂·scale + bias)). The blob between the two is not stored as a whole.
 * The number of planes is images × channels.
 */
export const batchNormPool = fusedOf<NormPool>()(norm, {
  operations: (args) => pooled(9, args),
  lowersTo: (args, scratch) =>
    beforePool(args, scratch, (between) => batchNormFused.lowersTo({ ...args, ...between }, scratch)),
});

/** `batchNormFusedBackward` after the gradient of pooling, which is computed from dy. dx may be x. */
export const batchNormPoolBackward = fusedOf<NormPool>()(gradient, {
  operations: (args) => pooled(13, args) + pooled(5, args),
  overwrites: { dx: ["x"] },
  lowersTo: (args, scratch) => {
    const { dx: dy, calls } = throughPooling(args, scratch);
    return [...calls, ...batchNormFusedBackward.lowersTo({ ...args, ...channelsOf(args), dy }, scratch)];
  },
});

/** `normalizeFused` and then pooling, as `batchNormPool` does it. */
export const normalizePool = fusedOf<NormPool>()(given, {
  operations: (args) => pooled(5, args),
  lowersTo: (args, scratch) =>
    beforePool(args, scratch, (between) => normalizeFused.lowersTo({ ...args, ...between }, scratch)),
});

/** Operations: `each` for every value of the planes, plus those of pooling. */
function pooled(each: number, args: NormPool): number {
  return each * args.planes * args.input[0] * args.input[1] + poolOperations(args);
}

/** Normalization into scratch memory, and pooling of the result. */
function beforePool(
  args: NormPool & { readonly x: Span; readonly y: Span },
  scratch: Scratch,
  normalized: (between: Channels & { readonly y: Span }) => readonly Call[],
): readonly Call[] {
  const x = scratch(args.x.count);
  const pool = args.method === "AVE" ? call(avePool, { ...args, x }) : call(maxPool, { ...args, x, mask: undefined });
  return [...normalized({ ...channelsOf(args), y: x }), pool];
}

/**
 * One multiplier and one offset for each channel. They have the effect of adding `shift`, then `normalize`, then `scale`:
 * multiplier = scale/√(variance + eps), offset = bias + (shift − mean)·multiplier. Without variance, multiplier = scale.
 */
export const normToAffine = fusedOf<object>()(
  { ...optional, scale: "in?", bias: "in?", shift: "in?", multiplier: "out", offset: "out", eps: "number" },
  {
    operations: 5,
    lowersTo: ({ mean, variance, multiplier, offset, eps, ...args }) => [
      variance
        ? call(power, { x: variance, y: multiplier, power: -0.5, scale: 1, shift: eps })
        : call(fill, { y: multiplier, value: 1 }),
      ...(args.scale ? [call(mul, { a: args.scale, b: multiplier, y: multiplier })] : []),
      combine(offset, [args.shift, 1], [mean, -1]),
      call(mul, { a: offset, b: multiplier, y: offset }),
      combine(offset, [offset, 1], [args.bias, 1]),
    ],
  },
);

/** y = Σ of the spans that are given, each times its coefficient. */
function combine(y: Span, ...terms: readonly (readonly [Span | undefined, number])[]): Call {
  const present = terms.flatMap(([x, times]) => (x ? [{ x, times }] : []));
  return call(sum, { xs: present.map(({ x }) => x), coefficients: present.map(({ times }) => times), y });
}
