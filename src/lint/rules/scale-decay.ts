import type { ParamSpec } from "../../proto/gen/caffe_pb.js";
import { formatNumber } from "../../util/number-format.js";
import { batchNorms } from "../batch-norms.js";
import { type Decayed, decayOfOne } from "../decay.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import { addSpecs, placeOfSpec, setSpec, writtenSpecs } from "../param-specs.js";
import type { Fix, Problem, Rule } from "../rule.js";

export const scaleDecay: Rule = {
  id: "scale-decay",
  severity: "info",
  summary: "weight decay pulls the scale and shift behind a BatchNorm to 0: `decay_mult` is not 0",

  *check(net) {
    if (net.kind === "deploy" || net.solver?.weightDecay === 0) return;
    const training = net.views.filter(({ phase }) => phase === "TRAIN");
    for (const { scale } of training.flatMap(batchNorms)) {
      const problem = scale && problemOf(net, scale);
      if (problem) yield problem;
    }
  },
};

function problemOf(net: LintNet, scale: LintLayer): Problem | undefined {
  const { param, scaleParam } = scale.message;
  const names = scaleParam?.biasTerm ? ["γ", "β"] : ["γ"];
  const decaying = names.filter((_, i) => (param[i]?.lrMult ?? 1) !== 0 && (param[i]?.decayMult ?? 1) !== 0);
  const [first] = decaying;
  if (!first) return undefined;
  const spec = writtenSpecs(scale)?.[names.indexOf(first)];
  const { solver } = net;
  const list = decaying.join(" and ");
  const decayed = solver && decayIn(net, param[names.indexOf(first)]);
  return {
    at: spec ? placeOfSpec(spec, "decay_mult") : scale.at(),
    message: `${scale.label} leaves ${list} to weight decay`,
    why:
      `${solver ? `The solver's weight_decay of ${formatNumber(solver.weightDecay)}` : "Weight decay, where a solver has it,"} ` +
      `pulls ${list} to 0 with every step: decay_mult is 1 unless it is set. Weight decay is there to keep ` +
      `weights small; here it only makes the channels weaker.${decayed ? ` ${effectOf(first, decayed)}` : ""}`,
    severity: solver && !(decayed && isSmall(decayed)) ? "warning" : "info",
    fix: withoutDecay(net, scale, names.length),
  };
}

/** What decay makes of a parameter; undefined if the solver, or the layers that share the parameter, do not tell. */
function decayIn({ layers, solver }: LintNet, spec: ParamSpec | undefined): Decayed | undefined {
  const { name = "", lrMult = 1, decayMult = 1 } = spec ?? {};
  const sharing =
    name === "" ? [] : layers.flatMap(({ message }) => message.param.filter((each) => each.name === name));
  if (!solver || sharing.some((each) => each.lrMult !== lrMult || each.decayMult !== decayMult)) return undefined;
  return decayOfOne(solver, { lrMult, decayMult });
}

/** Whether decay takes less than a hundredth of a parameter in the whole training. */
function isSmall({ value }: Decayed): boolean {
  return Math.abs(value - 1) < 0.01;
}

function effectOf(name: string, { value, iterations, isNormalized }: Decayed): string {
  const is =
    Math.abs(value) < 1e-6 ? "is below 1e-6" : `is at ${formatNumber(value, value > 0.99 && value < 1 ? 4 : 2)}`;
  const more = isNormalized ? "; one with gradients loses less, since this type divides by their size" : "";
  return `At this solver's rates a ${name} of 1 that nothing else moves ${is} after ${iterations} iterations${more}.`;
}

function withoutDecay({ edit }: LintNet, scale: LintLayer, count: number): Fix | undefined {
  const specs = writtenSpecs(scale);
  if (!specs || !scale.body) return undefined;
  const wrong = specs.slice(0, count).filter(({ message }) => message.lrMult !== 0 && message.decayMult !== 0);
  const set = wrong.flatMap((spec) => setSpec(edit, spec, { decay_mult: "0" }));
  const added = addSpecs(edit, scale.body, Math.max(0, count - specs.length), "decay_mult: 0");
  return { edits: [...set, ...added] };
}
