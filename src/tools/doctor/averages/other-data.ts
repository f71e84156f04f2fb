import { formatNumber } from "../../../util/number-format.js";
import type { Cause } from "../cause.js";
import { type State, scoreLine } from "../explanations/state.js";
import { measuredBlobs } from "../lab.js";
import { isPoor } from "../scores.js";
import { isFirstLevel, offOf, type Subject, worstOf } from "../subject.js";
import { divergenceText, unlikeTraining } from "./causes.js";
import { tightly } from "./pattern.js";

/** Averages that fit the data of training, and not the data given. */
export async function otherData(subject: Subject, state: State): Promise<Cause[]> {
  const { lab, judge, given, tried, training } = subject;
  const off = offOf(state.fits);
  if (!training || off.length === 0) return [];
  const own = await lab.score(given.set, measuredBlobs(state.observed), state.variant);
  tried.push(`averages measured on the data given: ${judge.text(own.scores) || "they fit, as they must"}`);
  const helps = judge.isWorse(given.averages, own);
  if (helps === false) return [];
  const evidence = [
    "the averages fit the data of training",
    divergenceText(off, "the data given"),
    ...scoreLine(subject, "with averages of the data given", own.scores),
  ];
  // A net that does not know its training data does badly on others for that reason.
  const isKnown = isPoor(training.batch) !== true;
  return [unlikeTraining({ off, all: state.fits, helps, evidence }, isKnown)];
}

/** The divergence from which on it is worth saying, in nats. */
const unusual = 0.02;

/**
 * Data without labels whose first BatchNorm fits far worse than those behind, though not badly: other data show there, since
 * those behind see normalized values.
 */
export function unusualData(subject: Subject, { fits }: State): string[] {
  const worst = worstOf(fits.filter(({ norm }) => isFirstLevel(subject, norm)));
  const behind = fits.filter(({ norm }) => !isFirstLevel(subject, norm)).map(({ divergence }) => divergence);
  const usual = behind.sort((a, b) => a - b)[behind.length >> 1];
  if (usual === undefined || !worst || worst.divergence < unusual || worst.divergence < tightly * usual) return [];
  return [
    `the data may be a little unlike those of training: the averages of ${worst.norm.name} are ${formatNumber(worst.divergence, 3)} nats from ` +
      `them, those behind it ${formatNumber(usual, 3)}`,
  ];
}
