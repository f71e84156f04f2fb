import type { LintLayer } from "./layer.js";
import { isLoss } from "./read-net.js";
import type { View } from "./view.js";

/**
 * The bottoms of a loss or an Accuracy that nobody makes in a state whose only sources are inputs: the labels of a net
 * that was trained, and is now to be deployed. None where its predictions are missing too.
 */
export function unfedTargets(view: View, layer: LintLayer): readonly number[] {
  const { bottom, type } = layer.message;
  if (!isLoss(layer.message) && type !== "Accuracy") return [];
  const makers = view.makers(layer);
  if (
    !makers[0] ||
    !view.layers.some(({ facts }) => facts?.isInput) ||
    !view.layers.every(({ facts, message }) => facts?.isInput || message.bottom.length > 0)
  ) {
    return [];
  }
  return bottom.flatMap((_, index) => (index > 0 && !makers[index] ? [index] : []));
}
