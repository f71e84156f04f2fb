import type { ActivationKind } from "../core/layer-facts.js";
import { forkTypes } from "../layers/index.js";
import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/** An activation that a layer's bottom comes out of. */
export interface Activation {
  readonly layer: LintLayer;
  readonly kind: ActivationKind;
  /** The layer that makes the bottom, if it stands between the activation and the bottom. */
  readonly through: LintLayer | undefined;
}

/**
 * The activation that a layer's bottom comes out of, directly or through layers that only pool, drop, cut or combine
 * values; undefined if a convolution, a normalization or another layer stands between.
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

/** Whether an activation's bottom comes out of a BatchNorm, directly or through a Scale or Bias. */
export function isNormalized(view: View, activation: LintLayer): boolean {
  const maker = view.maker(activation);
  if (maker?.type === "Scale" || maker?.type === "Bias") return isNormalized(view, maker);
  return maker?.type === "BatchNorm";
}
