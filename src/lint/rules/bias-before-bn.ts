import { grouped } from "../../util/grouped.js";
import { memoized } from "../../util/memoized.js";
import { counted } from "../../util/words.js";
import { type BatchNorm, batchNorms } from "../batch-norms.js";
import type { Edit } from "../edits.js";
import { freezeReason } from "../freeze.js";
import type { LintLayer } from "../layer.js";
import { moveBias } from "../move-bias.js";
import type { LintNet } from "../net.js";
import { phaseOf } from "../one-phase.js";
import { removeSpecs, writtenSpecs } from "../param-specs.js";
import type { Fix, Rule } from "../rule.js";

export const biasBeforeBn: Rule = {
  id: "bias-before-bn",
  severity: "warning",
  summary: "a layer with a bias right before a BatchNorm, whose mean takes it away again",

  *check(net) {
    const found = biased(net);
    for (const [layer, [norm]] of found) {
      const outputs = paramOf(layer)?.message?.numOutput;
      if (!norm || !outputs) continue;
      const { fix, note } = repair(net, layer, found);
      yield {
        at: layer.at(paramOf(layer)?.name ?? "", "bias_term"),
        message: `${layer.label} adds a bias that BatchNorm "${norm.layer.name}" takes away again`,
        why:
          "A bias moves the mean of a channel by just as much, and BatchNorm subtracts the mean: what it learns changes nothing. " +
          `Without it the net has ${counted(outputs, "parameter")} less. ${note}`,
        severity: net.kind === "deploy" ? "info" : "warning",
        fix,
      };
    }
  },
};

/** The message of a layer with weights and a bias, and its name in the prototxt. */
function paramOf({ facts, message }: LintLayer) {
  const name = facts?.isLinear ? facts.weightFiller?.field : undefined;
  if (!name) return undefined;
  return { name, message: name === "inner_product_param" ? message.innerProductParam : message.convolutionParam };
}

type Biased = ReadonlyMap<LintLayer, readonly BatchNorm[]>;

/** Layers with a bias whose top only a BatchNorm reads, in every state; with these BatchNorm layers. */
function biased(net: LintNet): Biased {
  const { layers, views } = net;
  const found = new Map<LintLayer, readonly BatchNorm[]>();
  const norms = grouped(views.flatMap(batchNorms), ({ before }) => before);
  for (const layer of layers) {
    const param = paramOf(layer)?.message;
    if (!param?.biasTerm || param.axis !== 1 || layer.message.top.length !== 1) continue;
    const behind = norms.get(layer) ?? [];
    const seen = views.filter((view) => view.has(layer));
    const only = seen.every((view) => {
      return view.readers(layer).length === 1 && behind.some((norm) => norm.view === view);
    });
    // Frozen statistics do not include the bias, so the bias has an effect.
    const frozen = behind.some((norm) => {
      return norm.view.phase === "TRAIN" && norm.usesGlobalStats && freezeReason(norm, net) !== undefined;
    });
    // A BatchNorm that TRAIN leaves out takes no bias away that was learned there.
    const untrained = behind.some((norm) => phaseOf(net)(norm.layer) === "TEST");
    if (only && !frozen && !untrained) found.set(layer, behind);
  }
  return found;
}

/** The fix and a sentence about it, or a sentence about why there is none. */
function repair(net: LintNet, layer: LintLayer, found: Biased): { readonly fix?: Fix; readonly note: string } {
  const shared = layer.message.param[1]?.name;
  const { byName, byParam } = sharersIn(net);
  const sharers = [...(byName.get(layer.name) ?? []), ...((shared && byParam.get(shared)) || [])];
  const other = sharers.find((each) => !found.has(each));
  if (other) return { note: `It stays, since ${other.label} shares it.` };
  const edits = withoutBias(net, layer);
  if (!edits) return { note: "" };
  if (!net.weights) {
    const note =
      "Weights that were trained with it no longer load without it, since the number of blobs differs: have them repaired " +
      "along with the text (--weights).";
    return { fix: { edits }, note };
  }
  const norms = sharers.filter(({ name }) => name === layer.name).flatMap((each) => found.get(each) ?? []);
  const names = [...new Set(norms.map((norm) => norm.layer.name))];
  const move = moveBias(net, layer, names);
  return move.possible ? { fix: { edits, weights: move.apply }, note: move.note } : { note: `It stays: ${move.note}` };
}

/** The layers of each name, and those with a parameter of each name. */
const sharersIn = memoized(({ layers }: LintNet) => {
  const specs = layers.flatMap((layer) => layer.message.param.map((spec) => ({ layer, name: spec.name })));
  const byParam = new Map(
    [...grouped(specs, ({ name }) => name)].map(([name, all]) => [name, all.map((each) => each.layer)]),
  );
  return { byName: grouped(layers, ({ name }) => name), byParam };
});

/** Sets `bias_term: false`, instead of `bias_filler` if that is given, and removes the bias's param spec. */
function withoutBias({ edit }: LintNet, layer: LintLayer): Edit[] | undefined {
  const specs = writtenSpecs(layer);
  const { name = "" } = paramOf(layer) ?? {};
  if (!layer.body || !specs) return undefined;
  const fillers = layer.fields(name, "bias_filler");
  const filler = layer.fields(name, "bias_term").length === 0 ? fillers.at(-1) : undefined;
  const set = filler
    ? [{ start: filler.offset, end: filler.end, replacement: "bias_term: false" }]
    : edit.set(layer.body, [name, "bias_term"], "false");
  const dropped = fillers.filter((each) => each !== filler).flatMap((each) => edit.remove(each));
  return [...set, ...dropped, ...removeSpecs(edit, specs.slice(1))];
}
