import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/** A shortcut of a residual net that takes a sum after layers have normalized it in place. */
export interface NormalizedShortcut {
  /** The Eltwise that adds the shortcut, and the index of that bottom. */
  readonly layer: LintLayer;
  readonly index: number;
  /** The earlier Eltwise, which made the sum. */
  readonly sum: LintLayer;
  /** The layers that work in place on the sum, in order, and the BatchNorm among them. */
  readonly chain: readonly LintLayer[];
  readonly norm: LintLayer;
}

export function* normalizedShortcuts(view: View): Iterable<NormalizedShortcut> {
  for (const layer of view.layers.filter(({ type }) => type === "Eltwise")) {
    for (const [index, end] of view.makers(layer).entries()) {
      // In a residual block both the shortcut and the first layer of the block read the sum.
      if (!end || view.readers(end.layer, end.index).length < 2) continue;
      const chain: LintLayer[] = [];
      let sum: LintLayer | undefined = end.layer;
      for (; sum && view.isInPlace(sum); sum = view.maker(sum)) chain.unshift(sum);
      const norm = chain.find(({ type }) => type === "BatchNorm");
      if (norm && sum?.type === "Eltwise") yield { layer, index, sum, chain, norm };
    }
  }
}
