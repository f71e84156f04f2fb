import { isDataLayer, isLoss } from "../core/layer-roles.js";
import { memoized } from "../util/memoized.js";
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
  if (!makers[0] || !isFedByInputs(view)) return [];
  return bottom.flatMap((_, index) => (index > 0 && !makers[index] ? [index] : []));
}

const isFedByInputs = memoized((view: View) => {
  const data = view.layers.filter(({ message }) => isDataLayer(message));
  return data.length > 0 && data.every(({ facts }) => facts?.isInput);
});
