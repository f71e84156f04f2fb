import { isDataLayer } from "../../core/layer-roles.js";
import { type LayerProblem, problemsInStates } from "../guessed-states.js";
import type { Rule } from "../rule.js";
import type { View } from "../view.js";

export const duplicateTop: Rule = {
  id: "duplicate-top",
  severity: "error",
  summary: "a top that a layer before it has made already",

  check: (net) => problemsInStates(net, duplicatesIn),
};

function* duplicatesIn(view: View): Iterable<LayerProblem> {
  for (const { kind, layer, index, value } of view.problems) {
    const before = value.maker?.layer;
    if (kind !== "made twice" || !before) continue;
    // Two data layers with the same top are reported by phase-overlap.
    if (before !== layer && isDataLayer(before.message) && isDataLayer(layer.message)) continue;
    const { bottom } = layer.message;
    const { name } = value;
    const other = before === layer ? "itself" : before.label;
    const inPlace = bottom.includes(name)
      ? ` In place a top has to have the number of its bottom: "${name}" is bottom ${bottom.indexOf(name)}, and top ${index}.`
      : "";
    yield {
      layer,
      at: layer.values("top")[index]?.value ?? layer.at("top"),
      message: `${layer.label} makes "${name}", which ${other} makes already`,
      why:
        `Caffe aborts with "Top blob '${name}' produced by multiple sources", and Moka does not load the net either: layers ` +
        `that read "${name}" could mean one or the other.${inPlace}`,
    };
  }
}
