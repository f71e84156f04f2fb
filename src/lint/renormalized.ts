import { memoized } from "../util/memoized.js";
import { type BatchNorm, batchNorms } from "./batch-norms.js";
import { forkNorm } from "./forks.js";
import type { LintLayer } from "./layer.js";
import { learns } from "./learning.js";
import type { LintNet } from "./net.js";
import type { View } from "./view.js";

/** A BatchNorm whose bottom was normalized before, or scaled and shifted by channels, which its own normalization takes away. */
export interface Renormalized {
  readonly norm: BatchNorm;
  /** The BatchNorm before it, with at most `affine` between. */
  readonly first: LintLayer | undefined;
  /** The Scale and Bias layers right before it, in their order; they learn if there is no BatchNorm before them. */
  readonly affine: readonly LintLayer[];
}

/** All of them, in each state of the net. */
export const renormalized: (net: LintNet) => readonly Renormalized[] = memoized(({ views }) =>
  views.flatMap(batchNorms).flatMap((norm) => {
    const { view, layer } = norm;
    if (forkNorm(layer)) return [];
    const affine: LintLayer[] = [];
    let before = norm.before;
    let isShared = false;
    while (before) {
      const readers = before.message.top.flatMap((_, top) => view.readers(before as LintLayer, top));
      isShared ||= readers.length > 1;
      // What others read too has an effect there. A Split has none.
      if (before.type !== "Split") {
        if (isShared || !isByChannel(view, before)) break;
        affine.unshift(before);
      }
      before = view.maker(before);
    }
    const first = before?.type === "BatchNorm" && !forkNorm(before) ? before : undefined;
    // Stored averages take away a shift that they were measured with, and no other.
    const isTakenAway = !norm.usesGlobalStats && affine.some(learns);
    return first || isTakenAway ? { norm, first, affine } : [];
  }),
);

/**
 * The BatchNorm layers that need no Scale behind them, since one of these layers is not needed, or stands in the wrong place, as
 * `bn-twice` reports: the first of two without a Scale between, the second of two with one, and one whose Scale stands before it.
 */
export const needingNoScale: (net: LintNet) => ReadonlySet<LintLayer> = memoized((net) => {
  const layers = renormalized(net).flatMap(({ norm, first, affine }) => {
    if (affine.some(({ type }) => type === "Scale")) return norm.layer;
    return affine.length === 0 && first ? first : [];
  });
  return new Set(layers);
});

/** Whether a layer with one bottom multiplies each channel by one number, or adds one to it. */
function isByChannel(view: View, layer: LintLayer): boolean {
  const { type, message } = layer;
  if ((type !== "Scale" && type !== "Bias") || message.bottom.length !== 1) return false;
  const { axis = 1, numAxes = 1 } = (type === "Scale" ? message.scaleParam : message.biasParam) ?? {};
  if (numAxes === 0) return true;
  const rank = view.bottomShapes(layer)[0]?.length;
  return numAxes === 1 && (axis === 1 || (rank !== undefined && axis + rank === 1));
}
