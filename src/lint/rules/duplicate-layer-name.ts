import { counted } from "../../util/words.js";
import { type LayerProblem, problemsInStates } from "../guessed-states.js";
import type { Rule } from "../rule.js";
import type { View } from "../view.js";

export const duplicateLayerName: Rule = {
  id: "duplicate-layer-name",
  severity: "warning",
  summary: "two layers with parameters of one name, of which only the first gets weights",

  check: (net) => problemsInStates(net, duplicatesIn),
};

function* duplicatesIn(view: View): Iterable<LayerProblem> {
  for (const { layer, first } of view.namesakes) {
    const count = layer.facts?.paramCount;
    if (!count) continue;
    yield {
      layer,
      at: layer.at("name"),
      message: `${layer.label} has the name of ${first.label} before it`,
      why:
        `Weights are found by the name of their layer, and Caffe and Moka give them to the first of that name: ${counted(count, "parameter")} ` +
        `of this one ${count === 1 ? "stays" : "stay"} as the fillers made ${count === 1 ? "it" : "them"}, also after a snapshot is loaded. ` +
        "To share parameters give them a name: param { name }.",
    };
  }
}
