import { counted } from "../../util/words.js";
import { caffeBackward, idleNorms, neededBackward, refusedBottoms, withSpecs } from "../backward.js";
import { andOthers } from "../batch-norms.js";
import { learns } from "../learning.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const bnNeedsBackward: Rule = {
  id: "bn-needs-backward",
  severity: "info",
  summary: "a BatchNorm without three param specs makes Caffe run backward where nothing learns",

  *check(net) {
    for (const view of net.views.filter(({ phase }) => phase === "TRAIN")) {
      const problem = idleIn(net, view);
      if (problem) yield problem;
    }
  },
};

function idleIn({ edit }: LintNet, view: View): Problem | undefined {
  const norms = idleNorms(view);
  const [first] = norms;
  if (!first) return undefined;
  const [runs, needed] = [caffeBackward(view), neededBackward(view)];
  // label-gradient reports the nets that this stops.
  if (view.layers.some((layer) => refusedBottoms(view, layer).length > 0)) return undefined;
  const idle = view.layers.filter((layer) => runs.get(layer)?.runs && !needed.get(layer)?.runs);
  const edits = withSpecs(edit, norms);
  const given = first.message.param.length;
  return {
    at: first.at(),
    message:
      `${first.label}${andOthers(norms.slice(1))} has ${given === 0 ? "no param specs" : `${counted(given, "param spec")} of 3`}, so ` +
      `that Caffe runs ${counted(idle.length, "layer")} backward where nothing learns`,
    why:
      "Where Caffe decides what runs backward, it counts a missing spec as lr_mult 1, although it never learns the statistics. " +
      `${costOf(view)}Three specs of lr_mult: 0 save this, and change no result. Moka computes these gradients only with keep: "all".`,
    fix: edits && { edits },
  };
}

/** The share of the gradients that nobody needs, as a sentence; empty if shapes are unknown. */
function costOf(view: View): string {
  const [runs, needed] = [caffeBackward(view), neededBackward(view)];
  let [all, idle] = [0, 0];
  for (const layer of view.layers) {
    const forward = view.multiplyAdds(layer);
    if (forward === undefined) return "";
    const isWanted = runs.get(layer)?.wanted.includes(true);
    all += forward * (1 + (isWanted ? 1 : 0) + (learns(layer) ? 1 : 0));
    if (isWanted && !needed.get(layer)?.wanted.includes(true)) idle += forward;
  }
  const share = Math.round((100 * idle) / Math.max(all, 1));
  return `Here that takes ${share < 1 ? "less than 1" : share} % of the multiply-adds of an iteration. `;
}
