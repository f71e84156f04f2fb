import type { SolverParameter } from "../../proto/gen/caffe_pb.js";
import { formatNumber } from "../../util/number-format.js";
import { batchNorms } from "../batch-norms.js";
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
  return {
    at: spec ? placeOfSpec(spec, "decay_mult") : scale.at(),
    message: `${scale.label} leaves ${list} to weight decay`,
    why:
      `${solver ? `The solver's weight_decay of ${formatNumber(solver.weightDecay)}` : "Weight decay, where a solver has it,"} ` +
      `pulls ${list} to 0 with every step: decay_mult is 1 unless it is set. Weight decay is there to keep ` +
      `weights small; here it only makes the channels weaker. ${decayOf(solver)}`.trimEnd(),
    severity: solver ? "warning" : "info",
    fix: withoutDecay(net, scale, names.length),
  };
}

/** What L2 decay leaves of a γ of 1 after 10,000 steps without a gradient. */
function decayOf(solver: SolverParameter | undefined): string {
  const { baseLr, weightDecay, regularizationType } = solver ?? { baseLr: 0, weightDecay: 0, regularizationType: "" };
  if (regularizationType !== "L2" || !(baseLr > 0)) return "";
  const left = (1 - baseLr * weightDecay) ** 10000;
  return `At base_lr ${formatNumber(baseLr)} a γ of 1 that nothing else moves is at ${formatNumber(left, 2)} after 10000 steps.`;
}

function withoutDecay({ edit }: LintNet, scale: LintLayer, count: number): Fix | undefined {
  const specs = writtenSpecs(scale);
  if (!specs || !scale.body) return undefined;
  const wrong = specs.slice(0, count).filter(({ message }) => message.lrMult !== 0 && message.decayMult !== 0);
  const set = wrong.flatMap((spec) => setSpec(edit, spec, { decay_mult: "0" }));
  const added = addSpecs(edit, scale.body, Math.max(0, count - specs.length), "decay_mult: 0");
  return { edits: [...set, ...added] };
}
