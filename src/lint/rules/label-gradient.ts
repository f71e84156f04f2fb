import { counted } from "../../util/words.js";
import { idleNorms, neededBackward, refusedBottoms, withSpecs } from "../backward.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Fix, Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const labelGradient: Rule = {
  id: "label-gradient",
  severity: "error",
  summary:
    "a layer that would have to send a gradient where it has none: into labels or indices, or through a Threshold",

  *check(net) {
    for (const view of net.views.filter(({ phase }) => phase === "TRAIN")) {
      for (const layer of view.layers) {
        for (const index of refusedBottoms(view, layer)) yield problemOf(net, view, layer, index);
      }
    }
  },
};

function problemOf(net: LintNet, view: View, layer: LintLayer, index: number): Problem {
  const name = layer.message.bottom[index];
  const { autoTops: isLoss, withoutGradient = {} } = layer.facts ?? {};
  const what = withoutGradient[index] ?? "its bottom";
  const stops =
    isLoss && index === 1
      ? `Caffe stops in the first backward with "${layer.type} Layer cannot backpropagate to label inputs", and Moka refuses ` +
        "the net too: labels are classes or targets, for which this loss has no gradient."
      : `Caffe stops in the first backward, and Moka refuses the net too: ${layer.type} has no gradient for ${what}.`;
  if (layer.message.propagateDown[index]) {
    return {
      at: layer.values("propagate_down")[index]?.value ?? layer.at(),
      message: `${layer.label} has propagate_down: true for ${what} "${name}"`,
      why: stops,
    };
  }
  const { cause, fix } = missingSpecs(net, view, layer, index);
  return {
    at: layer.values("bottom")[index]?.value ?? layer.at("bottom"),
    message: `${layer.label} reads ${what} "${name}" from ${view.maker(layer, index)?.label}, which a gradient would go back to`,
    why: `${stops} ${cause ?? wayOut(layer, index)}`,
    fix,
  };
}

function wayOut({ facts, message }: LintLayer, index: number): string {
  // Caffe calls the backward of Threshold and ArgMax, which stops, whatever their own propagate_down is.
  if (!facts?.takesIndices(index)) {
    return `Give the layers that read "${message.top[0]}" propagate_down: false for it, if what is before need not learn through it.`;
  }
  const flags = message.bottom.map((_, i) => `propagate_down: ${i !== index}`).join(" and ");
  const question = facts.autoTops ? "; or are its bottoms swapped?" : ".";
  return `Give it ${flags}, if "${message.bottom[index]}" is meant as a fixed ${facts.autoTops ? "target" : "input"}${question}`;
}

/** The BatchNorms without all param specs, if the gradient is wanted because of them alone. */
function missingSpecs(
  { edit }: LintNet,
  view: View,
  layer: LintLayer,
  index: number,
): { cause?: string; fix?: Fix | undefined } {
  if (neededBackward(view).get(layer)?.wanted[index]) return {};
  const above = layersAbove(view, view.maker(layer, index));
  const norms = idleNorms(view).filter((norm) => above.has(norm));
  const [first] = norms;
  if (!first) return {};
  const edits = withSpecs(edit, norms);
  const cause =
    `Nothing before it learns, but ${first.label} has ${counted(first.message.param.length, "param spec")} for its 3 parameters, and ` +
    "Caffe counts a missing one as lr_mult 1 here; three of lr_mult: 0 keep it from that.";
  return { cause, fix: edits && { edits } };
}

/** A layer and all that its bottoms come from. */
function layersAbove(view: View, from: LintLayer | undefined): ReadonlySet<LintLayer> {
  const found = new Set(from ? [from] : []);
  for (const layer of found) for (const maker of view.makers(layer)) if (maker) found.add(maker.layer);
  return found;
}
