import type { PoolGeometry } from "../../core/kernels.js";
import type { LayerContext } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Span } from "../../core/span.js";
import { drawPool, meanPool, meanPoolBackward } from "./stochastic-pool.js";

export type PoolMethod = "MAX" | "AVE" | "STOCHASTIC";

/** A pooling of the planes of a blob. */
export interface PlanePooling {
  readonly method: PoolMethod;
  readonly geometry: PoolGeometry;
}

/** Records dx from dy; writes all of dx. */
export type RecordPoolBackward = (k: Recorder, spans: { readonly dy: Span; readonly dx: Span }) => void;

/**
 * Records one pooling.
 *
 * @param mask the span to which MAX, and STOCHASTIC in TRAIN, write the index in its plane of each y. Default: a new span
 * @returns a function that records the gradient
 */
export function recordPool(
  k: Recorder,
  method: PoolMethod,
  { x, y, mask: given }: { readonly x: Span; readonly y: Span; readonly mask?: Span | undefined },
  geometry: PoolGeometry,
  { phase, random }: LayerContext,
): RecordPoolBackward {
  if (method === "AVE") {
    k.avePool({ x, y, ...geometry });
    return (back, { dy, dx }) => back.avePoolBackward({ dy, dx, ...geometry });
  }
  if (method === "STOCHASTIC" && phase === "TEST") {
    k.host("mean by share", () => meanPool(x.array, y.array, geometry), { reads: [x], writes: [y] });
    return (back, { dy, dx }) =>
      back.host("mean by share", () => meanPoolBackward(x.array, dy.array, dx.array, geometry), {
        reads: [x, dy],
        writes: [dx],
      });
  }
  const mask = given ?? k.span("mask", y.count);
  if (method === "MAX") k.maxPool({ x, y, mask, ...geometry });
  else {
    const draws = new Float32Array(y.count);
    const draw = () => {
      random.uniform(draws, 0, 1);
      drawPool(x.array, draws, y.array, mask.array, geometry);
    };
    k.host("draw by share", draw, { reads: [x], writes: [y, mask] });
  }
  return (back, { dy, dx }) => back.maxPoolBackward({ dy, mask, dx, ...geometry });
}
