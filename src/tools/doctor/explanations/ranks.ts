import { formatNumber } from "../../../util/number-format.js";
import { counted } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import { measuredBlobs, type Observed, type Scored } from "../lab.js";
import { fits, fitting, namesOf, offOf, type Subject, worstOf } from "../subject.js";
import { type State, scoreLine } from "./state.js";

/** Averages that fit by this explanation are this many times nearer with it. */
const nearer = 5;

/**
 * Averages of single ranks. Where each rank normalizes by its own batch, averages over all ranks have the variance of the values of
 * all of them. Those of one rank are means of the variances of its batches (÷ m − 1), in which what the means of batches differ by
 * is missing: with few images a batch, that is a large share of the variance where images differ much from each other.
 */
export async function explainByRanks(subject: Subject, state: State): Promise<State> {
  const { lab, given, ranks, tried } = subject;
  const off = offOf(state.fits);
  if (ranks.count === 1 || ranks.isSync || state.side !== subject.training || off.length === 0) return state;
  const all = fits(subject, ofSingleBatches(state.observed), state.averages, state.least);
  const worst = worstOf(all)?.divergence ?? Number.POSITIVE_INFINITY;
  if (!(worst <= fitting && worst * nearer <= (worstOf(off)?.divergence ?? 0))) {
    const most = `${formatNumber(worst, 3)} nats where most, ${formatNumber(worstOf(off)?.divergence ?? 0, 3)} with those of all values`;
    tried.push(`averages of one rank's batches alone: those of the weights do not fit with it, by ${most}`);
    return state;
  }
  const measured = measuredBlobs(state.observed);
  const after = await lab.score(given.set, measured, state.variant);
  tried.push("averages of one rank's batches alone: those of the weights fit with it");
  const cause = causeOf(subject, state, worst, after);
  return { ...state, averages: measured, fits: all, causes: [...state.causes, cause], after };
}

/** The same observations, with the mean of the batches' variances instead of the variance of all values. */
function ofSingleBatches(observed: Observed): Observed {
  const norms = [...observed.norms].map(([name, own]) => [name, { ...own, variance: own.batchVariance }] as const);
  return { ...observed, norms: new Map(norms) };
}

function causeOf(subject: Subject, state: State, divergence: number, after: Scored): Cause {
  const off = offOf(state.fits);
  const worst = worstOf(off);
  const size = counted(state.side.set.batchSize, "image");
  const { count } = subject.ranks;
  return {
    kind: "small batches",
    shown: true,
    title: `the averages are those of one rank's batches of ${size}: what the batches differ by is missing in the variance`,
    layers: namesOf(off),
    evidence: [
      `the mean of the variances of batches of ${size} fits the averages of all layers, within ${formatNumber(divergence, 3)} nats; the variance ` +
        `of all values does not fit those of ${worst?.norm.name}, by ${formatNumber(worst?.divergence ?? 0, 3)} nats`,
      ...scoreLine(subject, "with averages measured over all values of the training data", after.scores),
    ],
    against: [],
    remedy:
      "moka calibrate on the data of training puts them right at once. In training, leave --bn-averages root out: then averages are over all " +
      `${count} ranks; or give --sync-bn, with which each batch is that of all ranks.`,
  };
}
