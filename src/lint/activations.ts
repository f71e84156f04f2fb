import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/** Activations that are a straight line for what is above 0. */
const rectifiers: ReadonlySet<string> = new Set(["ReLU", "ReLU6", "PReLU", "ELU"]);
/** Those that are nearly flat for large values. */
const saturating: ReadonlySet<string> = new Set(["Sigmoid", "TanH"]);
/** Layers whose top has values of their bottom, or means of them. */
const passing: ReadonlySet<string> = new Set(["Pooling", "Dropout", "Flatten", "Reshape", "Crop", "Slice", "Split"]);
/** Layers that put bottoms together: all of them must come out of activations. */
const joining: ReadonlySet<string> = new Set(["Concat", "Eltwise"]);

/** An activation that a layer's bottom comes out of. */
export interface Activation {
  readonly layer: LintLayer;
  readonly kind: "rectifier" | "saturating";
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
  if (rectifiers.has(maker.type)) return { layer: maker, kind: "rectifier", through: undefined };
  if (saturating.has(maker.type)) return { layer: maker, kind: "saturating", through: undefined };
  const bottoms = joining.has(maker.type) ? maker.message.bottom.length : passing.has(maker.type) ? 1 : 0;
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
