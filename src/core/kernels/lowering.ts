// Calls that the lowerings of several fused kernels share. All work in place.
import type { Span } from "../span.js";
import { relu } from "./activation.js";
import { type Call, call } from "./kernel.js";
import { bias, scale } from "./scale.js";
import type { Channels } from "./sizes.js";

/** y = act(y), act as in `batchNormFused`. */
export function activate(y: Span, negativeSlope: number): readonly Call[] {
  return negativeSlope === 1 ? [] : [call(relu, { x: y, y, negativeSlope })];
}

export interface Affine extends Channels {
  readonly scale: Span | undefined;
  readonly bias: Span | undefined;
}

/** y = y·scale + bias, by channel */
export function shift(y: Span, given: Affine): readonly Call[] {
  const size = { outer: given.n, dim: given.channels, inner: given.inner };
  if (given.scale) return [call(scale, { x: y, scale: given.scale, bias: given.bias, y, ...size })];
  return given.bias ? [call(bias, { x: y, bias: given.bias, y, ...size })] : [];
}
