import { memoized } from "../../util/memoized.js";
import type { Edit } from "../edits.js";
import { type LayerProblem, problemsInStates } from "../guessed-states.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Rule } from "../rule.js";
import { unfedTargets } from "../unfed-targets.js";
import type { View } from "../view.js";

export const lossInDeploy: Rule = {
  id: "loss-in-deploy",
  severity: "error",
  summary: "a loss or Accuracy in a net that is fed by inputs, with labels that nothing feeds",

  check: (net) => problemsInStates(net, (view) => lossesIn(view, net)),
};

function* lossesIn(view: View, net: LintNet): Iterable<LayerProblem> {
  for (const layer of view.layers) {
    const missing = unfedTargets(view, layer);
    if (missing.length === 0) continue;
    const names = missing.map((index) => `"${layer.message.bottom[index]}"`).join(" and ");
    const edits = softmaxInstead(layer, missing, net);
    yield {
      layer,
      at: layer.at("type"),
      message: `${layer.label} reads ${names}, which nothing feeds: the inputs of this net are ${inputsOf(view)}`,
      why:
        `A net to be deployed has no labels, and so no losses: Caffe aborts with "Unknown bottom blob", and Moka does too. ` +
        (layer.type === "SoftmaxWithLoss"
          ? `What is wanted of "${layer.message.bottom[0]}" there is its Softmax.`
          : `What is wanted there is "${layer.message.bottom[0]}" itself, so the layer can go.`),
      fix: edits && { edits },
    };
  }
}

const inputsOf = memoized(({ layers }: View) => {
  const names = layers.filter(({ type }) => type === "Input").flatMap(({ message }) => message.top);
  return names.map((name) => `"${name}"`).join(", ");
});

const hasSoftmax = memoized(({ layers }: LintNet) => layers.some(({ type }) => type === "Softmax"));

/** Makes a SoftmaxWithLoss a Softmax; undefined if the net has a Softmax, or the layer has include or exclude rules. */
function softmaxInstead(layer: LintLayer, missing: readonly number[], net: LintNet): Edit[] | undefined {
  const { edit } = net;
  const { bottom, top, include, exclude } = layer.message;
  const type = layer.fields("type").at(-1)?.value;
  const bottoms = layer.values("bottom");
  if (layer.type !== "SoftmaxWithLoss" || !type || top.length !== 1 || include.length + exclude.length > 0)
    return undefined;
  if (bottom.length !== 2 || missing[0] !== 1 || hasSoftmax(net)) return undefined;
  const surplus = ["loss_param", "loss_weight", "propagate_down"].flatMap((name) => layer.fields(name));
  const label = bottoms[1];
  if (!label) return undefined;
  const { field, value } = label;
  const removed = field.value?.kind === "list" ? edit.removeValue(field.value, value) : edit.remove(field);
  return [...edit.replace(type, '"Softmax"'), ...removed, ...surplus.flatMap((each) => edit.remove(each))];
}
