import type { ActivationKind } from "../core/layer-facts.js";
import { forkTypes } from "../layers/registry.js";
import { memoized } from "../util/memoized.js";
import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/** The activation whose top is, or leads to, a layer's bottom. */
export interface Activation {
  readonly layer: LintLayer;
  readonly kind: ActivationKind;
  /** The layer that makes the bottom, if that is not the activation itself. */
  readonly through: LintLayer | undefined;
}

/**
 * The activation whose top is a layer's bottom, or leads to it through layers that only pool, drop, cut or combine values.
 * Undefined if a convolution, a normalization or another layer is between.
 */
export function activationBefore(view: View, layer: LintLayer): Activation | undefined {
  return activationsIn(view).get(view.maker(layer));
}

/** The activation that a layer's top comes from. */
const activationsIn = memoized((view: View) => {
  const found = new Map<LintLayer | undefined, Activation>();
  for (const layer of view.layers) {
    const { activation: kind } = layer.facts ?? forkTypes.get(layer.type) ?? {};
    const bottoms = { none: 0, first: 1, all: layer.message.bottom.length }[layer.facts?.passesOn ?? "none"];
    const all = Array.from({ length: bottoms }, (_, index) => found.get(view.maker(layer, index)));
    const [first] = all;
    if (kind) found.set(layer, { layer, kind, through: undefined });
    else if (first && all.every(Boolean)) found.set(layer, { ...first, through: layer });
  }
  return found;
});

/** Whether an activation's bottom comes from a BatchNorm, directly or through a Scale or Bias. */
export function isNormalized(view: View, activation: LintLayer): boolean {
  const maker = view.maker(activation);
  if (maker?.facts?.isAffine) return isNormalized(view, maker);
  return maker?.type === "BatchNorm";
}
