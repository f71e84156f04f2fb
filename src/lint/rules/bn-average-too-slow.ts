import type { SolverParameter } from "../../proto/gen/caffe_pb.js";
import { grouped } from "../../util/grouped.js";
import { formatNumber } from "../../util/number-format.js";
import { andOthers, batchNorms } from "../batch-norms.js";
import type { LintLayer } from "../layer.js";
import { factorAfter, fractionOf, horizonOf, percent, sharesAfter } from "../moving-average.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";
import { statisticsOf } from "../statistics.js";

export const bnAverageTooSlow: Rule = {
  id: "bn-average-too-slow",
  severity: "warning",
  summary: "averages that go over more forwards than the solver makes: `moving_average_fraction` is too near 1",

  *check(net) {
    const { solver, views } = net;
    if (!solver) return;
    const training = views.filter(({ phase }) => phase === "TRAIN").flatMap(batchNorms);
    const moving = new Set(training.filter((norm) => !norm.usesGlobalStats).map(({ layer }) => layer));
    const averages = [...moving].map((layer) => averageOf(net, layer, solver));
    for (const [first, ...others] of grouped(averages, ({ f, loaded }) => `${f} ${loaded.toPrecision(3)}`).values()) {
      if (!first || !(first.f > 0 && first.f < 1)) continue; // bn-fraction reports the others
      const more = andOthers(others);
      const problem = atEnd(first, more, solver) ?? (isTested(net, first.layer) && atTest(first, more, solver));
      if (problem) yield problem;
    }
  },
};

/** How the averages of a layer move. */
interface Average {
  readonly layer: LintLayer;
  /** Its `moving_average_fraction`. */
  readonly f: number;
  /** The factor of the weights that training starts from, which is the number of forwards they count as; 0: from nothing. */
  readonly loaded: number;
}

function averageOf({ weights }: LintNet, layer: LintLayer, { maxIter, iterSize }: SolverParameter): Average {
  const f = fractionOf(layer);
  const factor = (weights && statisticsOf(weights, layer)?.factor) ?? 0;
  // With the very factor that this training ends with, the weights are its result, not its start. All long trainings end
  // with the same factor.
  const forwards = maxIter * iterSize;
  const end = factorAfter(f, forwards);
  const isResult = forwards < 5 * horizonOf(f) && Math.abs(factor - end) <= 1e-4 * end;
  return { layer, f, loaded: factor > 0 && !isResult ? factor : 0 };
}

/** A share of loaded averages below this is not worth a word. */
const littleLoaded = 0.1;

/** The averages at the end should cover less than half of the training, and be less than a quarter those that were loaded. */
function atEnd({ layer, f, loaded }: Average, more: string, solver: SolverParameter): Problem | undefined {
  const { maxIter, iterSize } = solver;
  const forwards = maxIter * iterSize;
  const shares = sharesAfter(f, forwards, loaded);
  if (forwards <= 0 || (horizonOf(f) <= forwards / 2 && !(shares.loaded > 0.25))) return undefined;
  const shorter = forwards >= 20 ? 1 - 10 / forwards : 0.5;
  const at = layer.at("batch_norm_param", "moving_average_fraction");
  const length = `the whole training has ${formatNumber(forwards)} (${product(maxIter, iterSize)})`;
  const advice = `moving_average_fraction: ${formatNumber(shorter, 3)} would go over the last ${Math.round(horizonOf(shorter))} forwards`;
  if (shares.loaded > littleLoaded) {
    const left = sharesAfter(shorter, forwards, loaded).loaded;
    return {
      at,
      message:
        `${layer.label}: after all of the training ${percent(shares.loaded)} of the average is still that of the loaded ` +
        `weights${more}`,
      why:
        `${weightOf(loaded)}, and ${length}; ${keeping(f)}. So TEST goes by what the loaded net computed, whatever this ` +
        `training makes of it. ${left < littleLoaded ? `${advice}; ` : ""}\`moka calibrate\` measures the averages anew afterwards.`,
    };
  }
  return {
    at,
    message:
      `${layer.label}: after all of the training the first half of it still weighs ${percent(shares.firstHalf)} in the ` +
      `averages${more}`,
    why: `${coverage(f)}, and ${length}. So TEST goes by what an earlier net computed. ${advice}.`,
  };
}

/** A problem at the first test, if the averages cover more than four test intervals. */
function atTest({ layer, f, loaded }: Average, more: string, solver: SolverParameter): Problem | undefined {
  const { testInterval, iterSize } = solver;
  const forwards = testInterval * iterSize;
  const horizon = horizonOf(f);
  if (forwards <= 0 || forwards * 4 >= horizon) return undefined;
  const shares = sharesAfter(f, forwards, loaded);
  const first = `the first test comes after ${formatNumber(forwards)} (${product(testInterval, iterSize, "test_interval")})`;
  const until = `Up to iteration ${Math.round(horizon / iterSize)} or so tests are worse than the net is`;
  const at = layer.at("batch_norm_param", "moving_average_fraction");
  if (shares.loaded > littleLoaded) {
    return {
      at,
      severity: "info",
      message:
        `${layer.label}: at the first test ${percent(shares.loaded)} of the average is still that of the loaded ` +
        `weights${more}`,
      why: `${weightOf(loaded)}, and ${first}; ${keeping(f)}. ${until}, where its layers no longer compute what they did.`,
    };
  }
  return {
    at,
    severity: "info",
    message:
      `${layer.label}: at the first test the averages still hold the whole training, its first half with ` +
      `${percent(shares.firstHalf)}${more}`,
    why: `${coverage(f)}, and ${first}. ${until}, since they go by statistics of the net it was.`,
  };
}

function weightOf(loaded: number): string {
  return `The weights given bring averages with a factor of ${formatNumber(loaded)}: they count as much as so many forwards`;
}

function keeping(f: number): string {
  return `with moving_average_fraction ${formatNumber(f)} each forward leaves ${formatNumber(100 * f, 5)} % of what was there`;
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
