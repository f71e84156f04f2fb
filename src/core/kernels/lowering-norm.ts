// Calls that the lowerings of the gradients of fused batch normalization share.
import type { Span } from "../span.js";
import { reluBackward } from "./activation.js";
import { copy } from "./elementwise.js";
import { type Call, call, type Scratch } from "./kernel.js";
import { type Affine, activate, shift } from "./lowering.js";
import { normalize } from "./normalization.js";
import { avePoolBackward, maxPool, maxPoolBackward } from "./pooling.js";
import { scale } from "./scale.js";
import type { Channels, NormPool } from "./sizes.js";

interface Backward extends Omit<Affine, keyof Channels> {
  readonly x: Span;
  readonly dy: Span;
  readonly mean: Span;
  readonly variance: Span;
  readonly negativeSlope: number;
  readonly eps: number;
}

/** What the gradient of `batchNormFused` begins with: x̂, and the gradient of dy through the activation, d. */
export function throughActivation(args: Backward & Channels, scratch: Scratch) {
  const { x, dy, negativeSlope } = args;
  const normalized = scratch(x.count);
  const d = scratch(dy.count);
  const calls: readonly Call[] = [
    call(normalize, { ...args, y: normalized }),
    ...(negativeSlope === 1
      ? [call(copy, { x: dy, y: d })]
      : [
          call(copy, { x: normalized, y: d }),
          ...shift(d, args),
          call(reluBackward, { x: d, dy, dx: d, negativeSlope }),
        ]),
  ];
  return { normalized, d, calls };
}

/** d = d·scale, by channel */
export function multiply(d: Span, by: Span | undefined, { n, channels, inner }: Channels): readonly Call[] {
  return by ? [call(scale, { x: d, scale: by, bias: undefined, y: d, outer: n, dim: channels, inner })] : [];
}

/** The gradient of the bottom of a pooling after normalization, dx, computed from dy. */
export function throughPooling(args: Backward & NormPool, scratch: Scratch) {
  const { x, dy, method } = args;
  const dx = scratch(x.count);
  if (method === "AVE") return { dx, calls: [call(avePoolBackward, { ...args, dx })] };
  const y = scratch(x.count);
  const mask = scratch(dy.count);
  const calls: readonly Call[] = [
    call(normalize, { ...args, ...channelsOf(args), y }),
    ...shift(y, { ...args, ...channelsOf(args) }),
    ...activate(y, args.negativeSlope),
    call(maxPool, { ...args, x: y, y: scratch(dy.count), mask }),
    call(maxPoolBackward, { ...args, mask, dx }),
  ];
  return { dx, calls };
}

export function channelsOf({ planes, channels, input }: NormPool): Channels {
  return { n: planes / channels, channels, inner: input[0] * input[1] };
}
