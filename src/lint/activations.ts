import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/** Activations that are linear above 0. */
const rectifiers: ReadonlySet<string> = new Set(["ReLU", "ReLU6", "PReLU", "ELU"]);
/** Activations that are nearly constant for large values. */
const saturating: ReadonlySet<string> = new Set(["Sigmoid", "TanH"]);
/** Layers whose top holds values of their bottom, or means of them. */
const passing: ReadonlySet<string> = new Set(["Pooling", "Dropout", "Flatten", "Reshape", "Crop", "Slice", "Split"]);
/** Layers that combine several bottoms: each of these must come out of an activation. */
const joining: ReadonlySet<string> = new Set(["Concat", "Eltwise"]);

/** An activation that a layer's bottom comes out of. */
export interface Activation {
  readonly layer: LintLayer;
  readonly kind: "rectifier" | "saturating";
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
  if (rectifiers.has(maker.type)) return { layer: maker, kind: "rectifier", through: undefined };
  if (saturating.has(maker.type)) return { layer: maker, kind: "saturating", through: undefined };
  const bottoms = joining.has(maker.type) ? maker.message.bottom.length : passing.has(maker.type) ? 1 : 0;
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
