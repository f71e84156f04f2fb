import { type LayerProblem, problemsInStates } from "../guessed-states.js";
import type { LintLayer } from "../layer.js";
import { needingBackward } from "../learning.js";
import { overwrittenIn } from "../memory.js";
import type { Problem, Rule } from "../rule.js";
import { normalizedShortcuts } from "../shortcuts.js";
import type { View } from "../view.js";

export const layerAfterInPlace: Rule = {
  id: "layer-after-in-place",
  severity: "warning",
  summary: "a layer in place overwrites values that it, or another layer, still needs",

  *check(net) {
    yield* problemsInStates(net, sharedBlobs);
    for (const view of net.views) {
      yield* neverInPlace(view);
      yield* overwritten(view);
      yield* shortcuts(view);
      if (view.phase === "TRAIN") yield* ownGradients(view);
    }
  },
};

/** Layers of types that cannot work in place. */
function* neverInPlace(view: View): Iterable<Problem> {
  for (const layer of view.layers) {
    const index = view.tops(layer).findIndex(({ inPlace }) => inPlace);
    if (index < 0 || layer.facts?.inPlace !== false) continue;
    yield {
      at: layer.values("top")[index]?.value ?? layer.at("top"),
      severity: "error",
      message: `${layer.label} cannot work in place: its top "${layer.message.top[index]}" is its bottom`,
      why:
        "Moka refuses the net. Caffe aborts for some types, as Reshape and Flatten, and lets others run, most of which then read what they " +
        "have written already, in forward or in backward. Give the top a name of its own.",
    };
  }
}

/** Blobs whose old values another layer reads after one layer has overwritten them in place; Caffe refuses these nets. */
function* sharedBlobs(view: View): Iterable<LayerProblem> {
  for (const { kind, layer, index, value } of view.problems) {
    const { name: blob, maker, readers } = value;
    const other = readers.find((end) => end.layer !== layer);
    if (kind !== "shared in place" || index > 0 || !maker) continue;
    yield {
      layer,
      at: layer.values("top")[0]?.value ?? layer.at("top"),
      severity: "error",
      message: `${layer.label} works in place on "${blob}", which ${other ? `${other.layer.label} reads as well` : "has a loss_weight"}`,
      why:
        `Caffe gives each reader of a blob, its loss_weight among them, a name of its own for it, "${blob}_…_split_0" and so on, so that "${blob}" is no longer the bottom ` +
        `of "${layer.name}": it aborts with "Top blob '${blob}' produced by multiple sources", and Moka refuses the net too. ` +
        `Give the top of "${layer.name}" another name, and let those read it that want what it makes.`,
    };
  }
}

function* overwritten(view: View): Iterable<Problem> {
  const refused = new Set([...sharedBlobs(view)].map((problem) => problem.layer));
  for (const { layer, by, pass } of overwrittenIn(view)) {
    if (refused.has(by) || !by.facts?.inPlace) continue;
    const blob = by.message.top[0];
    yield {
      at: by.values("top")[0]?.value ?? by.at("top"),
      message: `${by.label} overwrites "${blob}", which ${layer.label} needs for its ${pass === "forward" ? "forward" : "gradient"}`,
      why: pass === "forward" ? sharedForward(layer, by) : lostForBackward(layer, by, blob ?? ""),
    };
  }
}

function sharedForward(layer: LintLayer, by: LintLayer): string {
  return (
    "Reshape, Flatten and Split copy nothing: their tops are the memory of their bottoms. So what is done in place on one of them is " +
    `done to all, and "${layer.name}", which runs later, reads what "${by.name}" made. Give the top of "${by.name}" another name.`
  );
}

function lostForBackward(layer: LintLayer, by: LintLayer, blob: string): string {
  const takes =
    layer.type === "ReLU"
      ? `The gradient of "${layer.name}" goes through where "${blob}" is above 0, looked up in backward: by then that is what "${by.name}" made of it`
      : `The gradient of "${layer.name}" is computed from the values of "${blob}" in backward, and by then those are what "${by.name}" made of them`;
  return (
    `${takes}. Nothing is logged, the net trains by wrong gradients, in Caffe and, as it computes what Caffe does, in Moka. ` +
    `Give the top of "${by.name}" a name of its own.`
  );
}

/** Sums that are normalized in place, so that the shortcut around the next block takes the normalized values. */
function* shortcuts(view: View): Iterable<Problem> {
  for (const { layer, index, sum, norm, chain } of normalizedShortcuts(view)) {
    const names = chain.map(({ name }) => `"${name}"`).join(", ");
    yield {
      at: layer.values("bottom")[index]?.value ?? layer.at("bottom"),
      severity: "info",
      message: `${layer.label} adds "${layer.message.bottom[index]}" as ${norm.label} left it in place, not the sum of "${sum.name}"`,
      why:
        `A shortcut takes the blob as it is by then: after ${names}, which work in place on the top of "${sum.name}". In residual nets that ` +
        "normalize before they convolve (He et al. 2016b) the shortcut takes the sum itself. If that is meant, give the top of " +
        `"${norm.name}" a name of its own, and let the layers of the block read that.`,
    };
  }
}

/** Layers in place whose gradient needs their bottom, which they have overwritten. */
function* ownGradients(view: View): Iterable<Problem> {
  const needing = needingBackward(view);
  for (const layer of view.layers) {
    const maker = view.maker(layer);
    const result = layer.facts?.rereads.inPlace;
    if (result === undefined || result === "copied" || !view.isInPlace(layer) || !maker || !needing.has(maker))
      continue;
    yield {
      at: layer.values("top")[0]?.value ?? layer.at("top"),
      message: `${layer.label} works in place, although its gradient needs what that overwrites`,
      why:
        result === "lost"
          ? "In backward Caffe reads its top for its bottom, or the bottom's diff for the top's, since in place both are one. That gives another " +
            "gradient, and nothing is logged. Moka computes the right one, so that it trains otherwise than Caffe here. Give the top a name of its own."
          : "In backward Caffe looks up in its bottom where it let values through, and in place finds its top there, whose values all are let " +
            "through: the gradient passes everywhere, and nothing is logged. Moka does the same. Give the top a name of its own.",
    };
  }
}
