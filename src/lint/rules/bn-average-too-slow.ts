import type { SolverParameter } from "../../proto/gen/caffe_pb.js";
import { formatNumber } from "../../util/number-format.js";
import { andOthers, batchNorms } from "../batch-norms.js";
import { grouped } from "../grouped.js";
import type { LintLayer } from "../layer.js";
import { firstHalf, fractionOf, horizonOf, percent } from "../moving-average.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";

export const bnAverageTooSlow: Rule = {
  id: "bn-average-too-slow",
  severity: "warning",
  summary: "averages that go over more forwards than the solver makes: `moving_average_fraction` is too near 1",

  *check(net) {
    const { solver, views } = net;
    if (!solver) return;
    const training = views.filter(({ phase }) => phase === "TRAIN").flatMap(batchNorms);
    const moving = new Set(training.filter((norm) => !norm.usesGlobalStats).map(({ layer }) => layer));
    for (const [fraction, [first, ...others]] of grouped(moving, fractionOf)) {
      if (!first || !(fraction > 0 && fraction < 1)) continue; // bn-fraction reports these
      const more = andOthers(others);
      const problem =
        atEnd(first, more, fraction, solver) ?? (isTested(net, first) && atTest(first, more, fraction, solver));
      if (problem) yield problem;
    }
  },
};

/** The averages at the end should cover less than half of the training. */
function atEnd(layer: LintLayer, more: string, f: number, { maxIter, iterSize }: SolverParameter): Problem | undefined {
  const forwards = maxIter * iterSize;
  if (forwards <= 0 || horizonOf(f) <= forwards / 2) return undefined;
  const shorter = forwards >= 20 ? 1 - 10 / forwards : 0.5;
  return {
    at: layer.at("batch_norm_param", "moving_average_fraction"),
    message:
      `${layer.label}: after all of the training the first half of it still weighs ${percent(firstHalf(f, forwards))} in the ` +
      `averages${more}`,
    why:
      `${coverage(f)}, and the whole training has ${formatNumber(forwards)} (${product(maxIter, iterSize)}). So TEST goes by what an ` +
      `earlier net computed. moving_average_fraction: ${formatNumber(shorter, 3)} would go over the last ` +
      `${Math.round(horizonOf(shorter))} forwards.`,
  };
}

/** A problem at the first test, if the averages cover more than four test intervals. */
function atTest(layer: LintLayer, more: string, f: number, solver: SolverParameter): Problem | undefined {
  const { testInterval, iterSize } = solver;
  const forwards = testInterval * iterSize;
  const horizon = horizonOf(f);
  if (forwards <= 0 || forwards * 4 >= horizon) return undefined;
  return {
    at: layer.at("batch_norm_param", "moving_average_fraction"),
    severity: "info",
    message:
      `${layer.label}: at the first test the averages still hold the whole training, its first half with ` +
      `${percent(firstHalf(f, forwards))}${more}`,
    why:
      `${coverage(f)}, and the first test comes after ${formatNumber(forwards)} (${product(testInterval, iterSize, "test_interval")}). ` +
      `Up to iteration ${Math.round(horizon / iterSize)} or so tests are worse than the net is, since they go by ` +
      "statistics of the net it was.",
  };
}

function coverage(f: number): string {
  return `With moving_average_fraction ${formatNumber(f)} the averages go over about ${Math.round(horizonOf(f))} forwards`;
}

function product(iterations: number, iterSize: number, name = "max_iter"): string {
  return `${name} ${iterations}${iterSize > 1 ? ` · iter_size ${iterSize}` : ""}`;
}

/** Whether a net for TEST uses the averages of a layer. */
function isTested({ views }: LintNet, { name }: LintLayer): boolean {
  const tests = views.filter(({ phase }) => phase === "TEST").flatMap(batchNorms);
  return tests.some(({ layer, usesGlobalStats }) => usesGlobalStats && layer.name === name);
}
