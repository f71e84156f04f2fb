import type { ActivationKind } from "../core/layer-facts.js";
import { forkTypes } from "../layers/index.js";
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
export function activationBefore(view: View, layer: LintLayer, index = 0): Activation | undefined {
  const maker = view.maker(layer, index);
  if (!maker) return undefined;
  const { activation: kind } = maker.facts ?? forkTypes.get(maker.type) ?? {};
  if (kind) return { layer: maker, kind, through: undefined };
  const bottoms = { none: 0, first: 1, all: maker.message.bottom.length }[maker.facts?.passesOn ?? "none"];
  const all = Array.from({ length: bottoms }, (_, each) => activationBefore(view, maker, each));
  const [first] = all;
  return first && all.every(Boolean) ? { ...first, through: maker } : undefined;
}

/** Whether what goes into an activation was normalized by a BatchNorm, with a Scale or Bias behind it or without. */
export function isNormalized(view: View, activation: LintLayer): boolean {
  const maker = view.maker(activation);
  if (maker?.type === "Scale" || maker?.type === "Bias") return isNormalized(view, maker);
  return maker?.type === "BatchNorm";
}
