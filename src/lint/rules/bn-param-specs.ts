import { counted } from "../../util/words.js";
import { idleNorms } from "../backward.js";
import { forkNorm } from "../forks.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import { addSpecs, learnableStats, placeOfSpec, removeSpecs, setSpec, type WrittenSpec } from "../param-specs.js";
import type { Problem, Rule } from "../rule.js";

export const bnParamSpecs: Rule = {
  id: "bn-param-specs",
  severity: "info",
  summary: "a BatchNorm has neither no param specs nor three of `lr_mult: 0 decay_mult: 0`",

  *check(net) {
    for (const layer of net.layers) {
      const { specs, wrong } = learnableStats(layer);
      if (wrong.length > 0 || specs.length === 0 || (specs.length < 3 && isCostly(net, layer))) continue;
      const problem = specs.length > 3 ? tooMany(net, layer, specs) : untidy(net, layer, specs);
      if (problem) yield problem;
    }
  },
};

/** Whether the missing specs cost a backward pass: bn-needs-backward and label-gradient say what. */
function isCostly({ views }: LintNet, layer: LintLayer): boolean {
  return views.some((view) => view.phase === "TRAIN" && idleNorms(view).includes(layer));
}

function tooMany({ edit }: LintNet, layer: LintLayer, specs: readonly WrittenSpec[]): Problem | undefined {
  const surplus = specs.slice(3);
  const [first] = surplus;
  if (!first) return undefined;
  return {
    at: placeOfSpec(first, ""),
    severity: "error",
    message: `${layer.label} has ${specs.length} param specs, but three parameters`,
    why:
      'Caffe aborts: "Too many params specified for layer". Its parameters are mean, variance and factor; scale and shift, ' +
      "which forks of Caffe have inside of it, are those of the Scale behind it.",
    // bn-fork-fields repairs a fork's layer that has γ and β inside.
    fix: forkNorm(layer) ? undefined : { edits: removeSpecs(edit, surplus) },
  };
}

function untidy(net: LintNet, { label, body }: LintLayer, specs: readonly WrittenSpec[]): Problem | undefined {
  const missing = 3 - specs.length;
  const decaying = specs.filter(({ message }) => message.decayMult !== 0);
  const [first] = decaying;
  const trains = net.views.some(({ phase }) => phase === "TRAIN");
  if (!trains || !body || (missing === 0 && !first)) return undefined;
  const decay = decaying.flatMap((spec) => setSpec(net.edit, spec, { decay_mult: "0" }));
  const added = addSpecs(net.edit, body, missing, "lr_mult: 0 decay_mult: 0");
  const last = specs.at(-1);
  return {
    at: missing > 0 && last ? placeOfSpec(last, "") : first ? placeOfSpec(first, "decay_mult") : body,
    message:
      missing > 0
        ? `${label} has ${counted(specs.length, "param spec")} for its three statistics`
        : `${label} keeps decay_mult at ${first?.message.decayMult} for statistics with lr_mult 0`,
    why:
      missing > 0
        ? "Caffe adds the missing ones with lr_mult 0, so that none is learned, but for backward a missing one counts as lr_mult 1: " +
          "it runs down to this layer, even where nothing before it learns. Three specs of lr_mult: 0 save that."
        : "It is harmless: weight decay is scaled by the learning rate, which lr_mult makes 0. It only reads as if the " +
          "statistics decayed; three specs of lr_mult: 0 decay_mult: 0 say what happens.",
    fix: { edits: [...decay, ...added] },
  };
}
