import { writtenGlobalStats } from "../layers/normalization/batch-norm-param.js";
import { scaleBehind } from "../layers/normalization/scale-behind.js";
import { memoized } from "../util/memoized.js";
import { countOf } from "../util/shape.js";
import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/** A BatchNorm in one state of a net, with the layers around it. */
export interface BatchNorm {
  readonly view: View;
  readonly layer: LintLayer;
  /** The layer that makes its bottom. */
  readonly before: LintLayer | undefined;
  /** The Scale that learns its scale and shift. */
  readonly scale: LintLayer | undefined;
  /** Whether it normalizes by its averages here, instead of by the batch. */
  readonly usesGlobalStats: boolean;
  /** N·H·W, the number of values of a channel in a batch, of one rank; undefined if the shape is unknown. */
  readonly m: number | undefined;
}

/** The BatchNorm layers of a state, in their order. */
export const batchNorms: (view: View) => readonly BatchNorm[] = memoized((view) =>
  view.layers
    .filter(({ type }) => type === "BatchNorm")
    .map((layer) => {
      const [shape] = view.bottomShapes(layer);
      return {
        view,
        layer,
        before: view.maker(layer),
        scale: scaleOf(view, layer),
        usesGlobalStats: writtenGlobalStats(layer.message) ?? view.phase === "TEST",
        m: shape && (shape[0] ?? 1) * countOf(shape, 2),
      };
    }),
);

/** The Scale that learns γ and β for a BatchNorm. */
export function scaleOf(view: View, norm: LintLayer): LintLayer | undefined {
  return scaleBehind(view, norm, view.bottomShapes(norm)[0]?.length);
}

/** Text about the other layers, to follow a message about the first; empty if there is only one. */
export function andOthers(others: readonly unknown[]): string {
  return others.length > 0 ? ` (and ${others.length} more like it)` : "";
}
