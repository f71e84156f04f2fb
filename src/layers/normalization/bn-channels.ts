// What the batch normalizations with scale and shift inside have in common.
import type { Channels } from "../../core/kernels.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import { countOf, type Shape } from "../../util/shape.js";

/** A shape collapsed around its channels, which are on axis 1. */
export function channelsOf(shape: Shape): Channels {
  return { n: shape[0] ?? 1, channels: shape[1] ?? 1, inner: countOf(shape, 2) };
}

/** Records y = scale·y + shift by channel, in place, as a Scale with a bias does. */
export function recordScale(k: Recorder, y: Span, scale: Span, bias: Span, { n, channels, inner }: Channels): void {
  k.scale({ x: y, scale, bias, y, outer: n, dim: channels, inner });
}

interface Gradient {
  /** The values that were scaled. */
  readonly x: Span | undefined;
  readonly dy: Span;
  readonly scale: Span;
  readonly dx: Span | undefined;
  readonly dscale: Span | undefined;
  readonly dbias: Span | undefined;
}

/** Records the gradient of `recordScale`: those of the parameters that learn, and dx = dy·scale. */
export function recordScaleGradient(
  k: Recorder,
  { x, dy, scale, dx, dscale, dbias }: Gradient,
  { n, channels, inner }: Channels,
): void {
  const size = { outer: n, dim: channels, inner };
  if (dbias) k.biasBackward({ dy, dbias, accumulate: true, ...size });
  if (dscale && x) k.scaleBackward({ x, dy, dscale, accumulate: true, ...size });
  if (dx) k.scale({ x: dy, scale, bias: undefined, y: dx, ...size });
}
