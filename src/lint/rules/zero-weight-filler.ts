import { counted } from "../../util/words.js";
import type { Edit } from "../edits.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const zeroWeightFiller: Rule = {
  id: "zero-weight-filler",
  severity: "warning",
  summary: "a layer that learns weights, without weight_filler: they start at 0",

  *check(net) {
    if (net.kind !== "trainval") return;
    for (const view of net.views.filter(({ phase }) => phase === "TRAIN")) {
      const learning = learningIn(view);
      const empty = learning.filter((layer) => !layer.facts?.weightFiller?.filler && !net.weights?.of(layer).length);
      const [first] = empty;
      // A net with one learning layer can learn from 0, as in linear regression.
      if (!first || (learning.length === 1 && !rectifies(view, first))) continue;
      const isBackbone = empty.length > learning.length / 2 || first === learning[0];
      if (isBackbone) yield needsWeights(first, empty.length, learning.length);
      else for (const layer of empty) yield startsAtZero(net, view, layer, learning.length - empty.length);
    }
  },
};

/** The layers whose weights the solver changes; shared weights count for their first layer, whose filler fills them. */
function learningIn(view: View): readonly LintLayer[] {
  const owned = new Set<string>();
  return view.layers.filter((layer) => {
    if (!layer.facts?.weightFiller) return false;
    const { name = "", lrMult = 1 } = layer.message.param[0] ?? {};
    const isOwn = name === "" || !owned.has(name);
    owned.add(name);
    return isOwn && lrMult !== 0;
  });
}

/** The field of the layer's message with its weight filler. */
function paramFieldOf({ facts }: LintLayer): string {
  return facts?.weightFiller?.field ?? "";
}

function needsWeights(first: LintLayer, empty: number, all: number): Problem {
  return {
    at: first.at(paramFieldOf(first)),
    severity: "info",
    message: `${first.label}${empty > 1 ? ` and ${counted(empty - 1, "more layer")}, of ${all} that learn weights, have` : " has"} no weight_filler`,
    why:
      `The default is constant 0, so this net can only be trained on from a caffemodel that has ${empty > 1 ? "these layers" : "this layer"}: from ` +
      "scratch no gradient gets back through weights of 0. Give the weights to `moka lint` (--weights) to have that checked.",
  };
}

function startsAtZero(net: LintNet, view: View, layer: LintLayer, filled: number): Problem {
  const edits = withFiller(net, layer, rectifies(view, layer) ? "msra" : "xavier");
  return {
    at: layer.at(paramFieldOf(layer)),
    message: `${layer.label} has no weight_filler: its weights start at 0`,
    why:
      `The default is constant 0, and ${counted(filled, "other layer")} that ${filled === 1 ? "learns" : "learn"} weights ${filled === 1 ? "has" : "have"} a filler. ` +
      `Until it is trained "${layer.message.top[0]}" is its bias alone, the same whatever comes in, and no gradient gets back through it to the ` +
      "layers before. The weights of two such layers one behind the other, whose biases start at 0, get none at all. Only weights from a " +
      "caffemodel make up for it.",
    fix: edits && { edits },
  };
}

/** Whether a reader of the layer is of a type for which msra is the usual filler. */
function rectifies(view: View, layer: LintLayer): boolean {
  return view.readers(layer).some(({ layer: { type, facts } }) => {
    return facts?.activation === "rectifier" || type === "BatchNorm" || type === "Scale";
  });
}

function withFiller({ edit }: LintNet, layer: LintLayer, type: string): Edit[] | undefined {
  const field = paramFieldOf(layer);
  const filler = `weight_filler { type: "${type}" }`;
  const param = layer.fields(field).at(-1)?.value;
  if (!layer.body || param?.kind === "list") return undefined;
  return param?.kind === "message" ? edit.insert(param, filler) : edit.insert(layer.body, `${field} { ${filler} }`);
}
