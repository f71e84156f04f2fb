import { formatNumber } from "../util/number-format.js";
import type { BatchNorm } from "./batch-norms.js";
import { learns } from "./learning.js";
import type { LintNet } from "./net.js";
import type { Blobs } from "./weights.js";

/**
 * Why a BatchNorm that normalizes by its averages in training seems to do so on purpose, as one does to train on with a
 * part of a net as it is; nothing if it does not. Where weights are given, they tell; else the layers around it do.
 */
export function freezeOf({ layer, scale, before }: BatchNorm, { weights }: LintNet): string | undefined {
  if (weights) {
    const factor = factorOf(weights, layer);
    return factor ? `the weights given bring its averages, with a factor of ${formatNumber(factor)}` : undefined;
  }
  const held = [scale, before].find((each) => {
    return each && each.type !== "BatchNorm" && (each.facts?.paramCount ?? 0) > 0 && !learns(each);
  });
  return held && `${held.label} ${held === scale ? "behind" : "before"} it does not learn either (lr_mult: 0)`;
}

/** The factor s that a BatchNorm's sums of means and variances are divided by; nothing where the weights have none. */
export function factorOf(weights: Blobs, layer: { readonly name: string }): number | undefined {
  return weights.of(layer)[2]?.data[0];
}
