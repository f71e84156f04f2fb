import { isDataLayer, isLoss } from "../core/layer-roles.js";
import type { LintLayer } from "./layer.js";
import type { View } from "./view.js";

/**
 * The bottoms of a loss or an Accuracy that no layer makes in a state whose data layers are all Inputs: the labels of a
 * trained net that is to be deployed. None where its predictions are missing too.
 */
export function unfedTargets(view: View, layer: LintLayer): readonly number[] {
  const { bottom, type } = layer.message;
  if (!isLoss(layer.message) && type !== "Accuracy") return [];
  const makers = view.makers(layer);
  const data = view.layers.filter(({ message }) => isDataLayer(message));
  if (!makers[0] || data.length === 0 || data.some(({ facts }) => !facts?.isInput)) return [];
  return bottom.flatMap((_, index) => (index > 0 && !makers[index] ? [index] : []));
}
