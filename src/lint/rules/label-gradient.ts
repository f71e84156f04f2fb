import { needingBackward } from "../learning.js";
import type { Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const labelGradient: Rule = {
  id: "label-gradient",
  severity: "error",
  summary: "a loss that would have to send a gradient into its labels",

  *check(net) {
    for (const view of net.views.filter(({ phase }) => phase === "TRAIN")) yield* gradientsIn(view);
  },
};

function* gradientsIn(view: View): Iterable<Problem> {
  const needing = needingBackward(view);
  for (const layer of view.layers) {
    const { bottom, propagateDown, lossWeight } = layer.message;
    // Losses are the layers whose unnamed tops the net adds.
    const isLabeled = layer.facts?.autoTops && !layer.facts.allowForceBackward(1);
    if (!isLabeled || bottom.length < 2 || lossWeight[0] === 0) continue;
    const maker = view.maker(layer, 1);
    const asked = propagateDown[1];
    const wanted = asked ?? (maker !== undefined && needing.has(maker));
    if (!wanted) continue;
    const stops =
      `Caffe stops in the first backward with "${layer.type} Layer cannot backpropagate to label inputs", and Moka refuses the ` +
      "net too: labels are classes or targets, for which this loss has no gradient.";
    yield {
      at: asked
        ? (layer.values("propagate_down")[1]?.value ?? layer.at())
        : (layer.values("bottom")[1]?.value ?? layer.at("bottom")),
      message: asked
        ? `${layer.label} has propagate_down: true for its labels "${bottom[1]}"`
        : `${layer.label} reads its labels "${bottom[1]}" from ${maker?.label}, which a gradient would go back to`,
      why: asked
        ? stops
        : `${stops} Give it propagate_down: true and propagate_down: false, if "${bottom[1]}" is meant as a fixed target; or are its bottoms swapped?`,
    };
  }
}
