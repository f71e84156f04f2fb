import type { ActivationKind } from "../core/layer-facts.js";
import { forkTypes } from "../layers/index.js";
import { memoized } from "../util/memoized.js";
import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/** An activation that a layer's bottom comes out of. */
export interface Activation {
  readonly layer: LintLayer;
  readonly kind: ActivationKind;
  /** The first layer between, from the bottom's side; nothing where the activation makes the bottom itself. */
  readonly through: LintLayer | undefined;
}

/**
 * The activation that a layer's bottom comes out of, at once or through layers that only pool, drop, cut or join;
 * nothing where a convolution, a normalization or anything else that computes stands between.
 */
export function activationBefore(view: View, layer: LintLayer): Activation | undefined {
  return activationsIn(view).get(view.maker(layer));
}

/** The activation that a layer's top comes out of. */
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

/** Whether what goes into an activation was normalized by a BatchNorm, with a Scale or Bias behind it or without. */
export function isNormalized(view: View, activation: LintLayer): boolean {
  const maker = view.maker(activation);
  if (maker?.type === "Scale" || maker?.type === "Bias") return isNormalized(view, maker);
  return maker?.type === "BatchNorm";
}
