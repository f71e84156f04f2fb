import { formatNumber } from "../util/number-format.js";
import type { BatchNorm } from "./batch-norms.js";
import { learns } from "./learning.js";
import type { LintNet } from "./net.js";
import type { Blobs } from "./weights.js";

/**
 * Evidence, as text, that a BatchNorm with averages in training is frozen on purpose, as in fine-tuning; undefined if there
 * is none. It is looked for in the weights if they are given, else in the layers beside it.
 */
export function freezeReason({ layer, scale, before }: BatchNorm, { weights }: LintNet): string | undefined {
  if (weights) {
    const factor = factorOf(weights, layer);
    return factor ? `the weights given bring its averages, with a factor of ${formatNumber(factor)}` : undefined;
  }
  const frozen = [scale, before].find((each) => {
    return each && each.type !== "BatchNorm" && (each.facts?.paramCount ?? 0) > 0 && !learns(each);
  });
  return frozen && `${frozen.label} ${frozen === scale ? "behind" : "before"} it does not learn either (lr_mult: 0)`;
}

/** The factor s that a BatchNorm's sums of means and variances are divided by; undefined if the weights have none. */
export function factorOf(weights: Blobs, layer: { readonly name: string }): number | undefined {
  return weights.of(layer)[2]?.data[0];
}
