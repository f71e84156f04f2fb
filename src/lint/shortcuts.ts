import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/** A shortcut of a residual net that takes a sum as it was normalized in place. */
export interface NormalizedShortcut {
  /** The Eltwise that adds it, and as which bottom. */
  readonly layer: LintLayer;
  readonly index: number;
  /** The Eltwise before, whose top it was. */
  readonly sum: LintLayer;
  /** What works on that in place, in order, and the BatchNorm among it. */
  readonly chain: readonly LintLayer[];
  readonly norm: LintLayer;
}

export function* normalizedShortcuts(view: View): Iterable<NormalizedShortcut> {
  for (const layer of view.layers.filter(({ type }) => type === "Eltwise")) {
    for (const [index, end] of view.makers(layer).entries()) {
      // A block between two sums reads what its shortcut takes.
      if (!end || view.readers(end.layer, end.index).length < 2) continue;
      const chain: LintLayer[] = [];
      let sum: LintLayer | undefined = end.layer;
      for (; sum && view.isInPlace(sum); sum = view.maker(sum)) chain.unshift(sum);
      const norm = chain.find(({ type }) => type === "BatchNorm");
      if (norm && sum?.type === "Eltwise") yield { layer, index, sum, chain, norm };
    }
  }
}
