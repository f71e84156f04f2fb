import { memoized } from "../util/memoized.js";
import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/**
 * Whether a layer has parameters that the solver changes. It never changes those of a BatchNorm. An unknown type counts as
 * having none; a known type that does not give their number counts as having some.
 */
export function learns({ type, message, facts }: LintLayer): boolean {
  if (type === "BatchNorm" || !facts) return false;
  const count = facts.paramCount ?? Math.max(message.param.length, 1);
  return Array.from({ length: count }, (_, index) => message.param[index]?.lrMult ?? 1).some((rate) => rate !== 0);
}

/**
 * The layers that a gradient goes through to something that learns: those that learn, and those after them. Layers that lead
 * to no loss are included; layers of unknown types are not. Caffe runs more of them backward: see `caffeBackward`.
 */
export const needingBackward: (view: View) => ReadonlySet<LintLayer> = memoized((view) => {
  const needing = new Set<LintLayer>();
  for (const layer of view.layers) {
    if (!layer.facts) continue;
    const reached = view.makers(layer).some((maker) => maker && needing.has(maker.layer));
    if (reached || learns(layer)) needing.add(layer);
  }
  return needing;
});
