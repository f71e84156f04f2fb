import { isLoss } from "../../core/layer-roles.js";
import { countOf } from "../../util/shape.js";
import { counted, listed } from "../../util/words.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Rule } from "../rule.js";
import type { View } from "../view.js";

export const unusedTop: Rule = {
  id: "unused-top",
  severity: "info",
  summary: "a top in training, or of a BatchNorm or Scale, that no layer reads, and that is not meant as an output",

  *check(net) {
    for (const view of net.views.filter((each) => isLookedAt(net, each))) {
      const doubtful = new Set(
        view.problems.flatMap(({ kind, value }) => (kind === "unknown bottom" ? [] : [value.name])),
      );
      for (const layer of view.layers) {
        const spare = layer.facts?.spareTops ?? "all";
        if (spare === "all" || isLossLayer(layer)) continue;
        for (const [index, name] of layer.message.top.entries()) {
          if (isRead(net, layer, index) || (index > 0 && spare === "extra")) continue;
          if (doubtful.has(name)) continue; // duplicate-top or layer-after-in-place reports that the net is refused
          const around = readersAround(view, layer);
          // Tops that are left are what a net to be deployed is for, unless others go past the layer that makes them.
          if (net.kind === "deploy" && !around.some(continues)) continue;
          yield {
            at: layer.values("top")[index]?.value ?? layer.at("top"),
            severity: around.length > 0 ? "warning" : "info",
            message: `${layer.label} makes "${name}", which no layer reads`,
            why: `${bypass(layer, around)}${net.kind === "deploy" ? `Caffe takes "${name}" for an output of the net.` : whyOf(view, layer, index, name)}`,
          };
        }
      }
    }
  },
};

function isLookedAt({ kind }: LintNet, { phase, layers }: View): boolean {
  return kind === "deploy" ? phase === "TEST" : kind === "trainval" && phase === "TRAIN" && layers.some(isLossLayer);
}

/** Whether a layer is one that comes behind a BatchNorm or Scale of the same branch. */
function continues({ type, facts }: LintLayer): boolean {
  return type === "Scale" || facts?.activation !== undefined;
}

function isLossLayer({ message }: LintLayer): boolean {
  return isLoss(message);
}

/** Whether a top is read in any state. */
function isRead({ views }: LintNet, layer: LintLayer, index: number): boolean {
  return views.some((view) => view.readers(layer, index).length > 0);
}

/** The layers that read the bottom of a BatchNorm or Scale instead of its top; none for other layers, which may end a branch. */
function readersAround(view: View, layer: LintLayer): readonly LintLayer[] {
  if (layer.type !== "BatchNorm" && layer.type !== "Scale") return [];
  const readers = view.bottoms(layer)[0]?.readers ?? [];
  return readers.map((end) => end.layer).filter((reader) => reader !== layer);
}

function bypass({ type, message }: LintLayer, around: readonly LintLayer[]): string {
  if (around.length === 0) return "";
  const what = type === "BatchNorm" ? "normalized" : "scaled";
  return `${listed(
    around.map(({ label }) => label),
    2,
  )} ${around.length === 1 ? "reads" : "read"} "${message.bottom[0]}" from before it, so nothing is ${what}. `;
}

function whyOf(view: View, layer: LintLayer, index: number, name: string): string {
  const shape = view.topShapes(layer)[index];
  const values = shape ? `its ${counted(countOf(shape), "value")}` : "its values";
  const printed = `Caffe takes it for an output of the net, and logs ${values}, one a line, at each display. To avoid this, let a Silence layer read it.`;
  const branch = deadBranch(view, layer);
  if (layer.message.bottom.length === 0 || branch.length === 0) return printed;
  const shapes = branch.map((each) => view.paramShapes(each));
  const learned = shapes.every((each) => each !== undefined)
    ? shapes.flat().reduce((sum, each) => sum + countOf(each ?? []), 0)
    : undefined;
  const params = learned ? `, with ${learned} parameters that no loss reaches and weight decay shrinks` : "";
  return `${counted(branch.length, "layer is", "layers are")} run for "${name}" alone${params}. ${printed}`;
}

/** This layer and those that only it needs; none if one of its tops is read. */
function deadBranch(view: View, last: LintLayer): readonly LintLayer[] {
  const alive = new Map<LintLayer, number>();
  const readersOf = (layer: LintLayer) =>
    layer.message.top.reduce((sum, _, index) => sum + view.readers(layer, index).length, 0);
  const dead = readersOf(last) === 0 && last.message.bottom.length > 0 ? [last] : [];
  for (const layer of dead) {
    for (const maker of view.makers(layer)) {
      if (!maker || maker.layer.message.bottom.length === 0) continue;
      const left = (alive.get(maker.layer) ?? readersOf(maker.layer)) - 1;
      alive.set(maker.layer, left);
      if (left === 0) dead.push(maker.layer);
    }
  }
  return dead;
}
