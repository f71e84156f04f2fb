import { listed } from "../../util/words.js";
import type { FirstBad } from "../batch-norm/first-bad.js";
import { smallBatches, smallBatchNotes, smallShares, sortedTraining } from "./averages/batches.js";
import { otherData, unusualData } from "./averages/other-data.js";
import { unexplainedAverages } from "./averages/unexplained.js";
import { type Cause, type Verdict, verdictOf } from "./cause.js";
import { inPartsOf } from "./data-set.js";
import { otherCauses } from "./elsewhere.js";
import { explainByChanges } from "./explanations/changes.js";
import { explainByDropout } from "./explanations/dropout.js";
import { explainByInput } from "./explanations/input.js";
import { explainByLostMeans } from "./explanations/lost-means.js";
import { explainByMissingActivation } from "./explanations/missing-activation.js";
import { explainByRanks } from "./explanations/ranks.js";
import { explainByReadings } from "./explanations/readings.js";
import { explainByRecord } from "./explanations/record.js";
import { explainBySharing } from "./explanations/sharing.js";
import { isSettled, type State, startOf } from "./explanations/state.js";
import { freeInTest, frozenInTraining } from "./facts/global-stats.js";
import { notFinite } from "./facts/not-finite.js";
import { emptyAverages, unfilledLayers } from "./facts/unfilled.js";
import { zeroScales } from "./facts/zero-scales.js";
import { recordedChanges } from "./recorded-changes.js";
import { isPoor } from "./scores.js";
import { type Fit, fitting, harmful, misfit, offOf, type Side, type Subject } from "./subject.js";

/** What is wrong with a net, as far as experiments tell. */
export interface Finding {
  readonly verdict: Verdict;
  readonly causes: readonly Cause[];
  /** What could not be told, and why, one sentence each. */
  readonly notes: readonly string[];
}

/** Bad outputs with averages, and with batch statistics. */
type Bad = { readonly global?: FirstBad; readonly batch?: FirstBad };

/**
 * Looks for the cause of results that are worse than expected. First what the net, the weights and one run show; then
 * experiments where averages do not fit what reaches their layers, on the data of training if they are there; then, where
 * BatchNorm is innocent, what else there is.
 */
export async function examine(subject: Subject, bad: Bad): Promise<Finding> {
  const { given, training, judge } = subject;
  const notes: string[] = [];
  const sides = [training, given].filter((side) => side !== undefined);
  const harms = sides.map((side) => judge.isWorse(side.averages, side.batch));
  const isGood = harms.every((harm) => harm !== true) && isPoor(given.averages) === false;
  const least = harms.includes(true) ? harmful : fitting;
  const needed = imagesNeeded(subject);
  const isFew = given.set.images < needed;
  if (isFew) notes.push(fewNote(given.set.images, needed));
  const sorted = sortedTraining(subject);
  const reference = (sorted.length > 0 ? undefined : training) ?? (isFew ? undefined : given);
  const first = reference && startOf(subject, reference, least);
  const frozen = frozenInTraining(subject, offOf(first?.fits ?? []));
  const causes = await factsOf(subject, bad, first?.fits ?? [], frozen, isGood, notes);
  if (causes.some(({ kind, shown }) => shown && decisive.has(kind))) return { ...verdictOf(causes), notes };
  if (!first) return { ...verdictOf(causes, true), notes };

  if (frozen.length === 0) await experiments(subject, first, sorted, isFew, causes, notes);
  const isScored = judge.isWorse(given.averages, given.batch) !== undefined;
  if (causes.length === 0 && isScored) causes.push(...(await explainByMissingActivation(subject, first)));
  if (causes.length === 0 && !isScored && !training) notes.push(...unusualData(subject, first));
  if (causes.length === 0 && !isFew) causes.push(...(await otherCauses(subject)));
  if (!hasShown(causes)) causes.unshift(...(await smallShares(subject, first)));
  notes.push(...smallBatchNotes(subject), ...recordNotes(subject, causes));
  return { ...verdictOf(causes, isFew && !training), notes };
}

/** The number of images from which on the statistics of given data say something about averages. */
function imagesNeeded({ given, norms }: Subject): number {
  if (norms.length === 0) return 1;
  const noise = Math.max(0, ...[...given.batch.norms.values()].map(({ imageNoise }) => imageNoise));
  return Math.max(16, Math.ceil(20 * noise * noise));
}

function fewNote(images: number, needed: number): string {
  const few = images === 1 ? "one image tells" : `${images} images tell`;
  return `${few} too little about averages: give ${needed} or more, as different as those of training`;
}

/**
 * Experiments with the averages; adds to the causes and notes what they find.
 *
 * @param first the state of the averages before; `sorted`: the cause, if the data of training come sorted
 */
async function experiments(
  subject: Subject,
  first: State,
  sorted: readonly Cause[],
  isFew: boolean,
  causes: Cause[],
  notes: string[],
): Promise<void> {
  const { given, training, judge } = subject;
  const explained = await explain(subject, first);
  // A reading with which all averages fit says why they make values that are no numbers.
  const isTold = hasShown(explained.causes) ? causes.findIndex(({ kind }) => kind === "damaged") : -1;
  if (isTold >= 0) causes.splice(isTold, 1);
  const isHarmless = explained.after !== undefined && judge.isWorse(given.averages, explained.after) === false;
  if (isHarmless) notes.push(...explained.causes.map(({ title }) => `${title}; this changes the scores little`));
  else causes.push(...explained.causes);
  const isOpen = offOf(explained.fits).length > 0;
  if (!hasShown(explained.causes) && !hasShown(causes)) {
    causes.push(...(await unexplainedAverages(subject, isOpen || isHarmless ? explained : first)));
  }
  if (causes.length === 0 && !isHarmless && !isOpen && first.side === training && !isFew) {
    causes.push(...(await onDataGiven(subject, first.least)));
  }
  // What the net has learned from its batches explains what else is only possible.
  const batches = hasShown(causes) ? [] : [...sorted, ...(await smallBatches(subject, first))];
  if (hasShown(batches)) causes.splice(0, causes.length, ...batches);
  else if (causes.length === 0 || sorted.length > 0) causes.unshift(...batches);
}

/** What the net, the weights and one run show. */
async function factsOf(
  subject: Subject,
  bad: Bad,
  all: readonly Fit[],
  frozen: readonly Cause[],
  isGood: boolean,
  notes: string[],
): Promise<Cause[]> {
  const missing = unfilledLayers(subject, all);
  if (isGood && missing.length > 0) notes.push(`${missing[0]?.title}; the scores do not depend on it`);
  const coded = [...frozen, ...freeInTest(subject)];
  const told = new Set(coded.flatMap(({ layers }) => layers));
  const empty = (await emptyAverages(subject)).filter(({ layers }) => !layers.every((name) => told.has(name)));
  return [...notFinite(bad, subject), ...(isGood ? [] : missing), ...zeroScales(subject, all), ...coded, ...empty];
}

/** Experiments with the data given, where the averages fit those of training. */
async function onDataGiven(subject: Subject, least: number): Promise<readonly Cause[]> {
  const own = startOf(subject, await inBatchesOfTraining(subject), least);
  if (offOf(own.fits).length === 0) return [];
  const byInput = await explainByInput(subject, own);
  if (isSettled(byInput) && hasShown(byInput.causes)) return byInput.causes;
  return [...(await otherData(subject, own)), ...(isSettled(byInput) ? byInput.causes : [])];
}

/** Training with batches of fewer images than this makes other statistics, behind the first BatchNorm, than larger batches do. */
const smallest = 16;

/** The data given, in batches as small as those of training where these are small. */
async function inBatchesOfTraining({ lab, given, training }: Subject): Promise<Side> {
  const size = training?.set.batchSize ?? smallest;
  const set = size < smallest ? inPartsOf(given.set, size) : given.set;
  return set === given.set ? given : { ...given, set, batch: await lab.observe(set) };
}

/** Differences from the record of the trained net that are not stated as causes. */
function recordNotes({ graph, recorded }: Subject, causes: readonly Cause[]): string[] {
  const untold = recordedChanges(graph.layers, recorded).filter(
    ({ layers }) => !causes.some((cause) => layers.every((name) => cause.layers.includes(name))),
  );
  if (untold.length === 0) return [];
  return [
    `the weights were saved from a net with ${listed(
      untold.map(({ text }) => text),
      3,
    )}; this one is without`,
  ];
}

/** With these nothing else can be judged: values behind them mean nothing. */
const decisive = new Set<Cause["kind"]>(["not finite", "unfilled", "zero-scale"]);

type Explanation = (subject: Subject, state: State) => Promise<State>;

const explanations: readonly Explanation[] = [
  explainByReadings,
  explainByRanks,
  explainByLostMeans,
  explainBySharing,
  explainByChanges,
  explainByDropout,
  explainByInput,
];

/** Totals of divergences that differ by less are the same, in nats. */
const alike = 0.002;

/**
 * Tries each explanation alone, and takes the one with which all averages fit best. If two fit as well, both are only possible. If
 * none does, all are tried together; what they find is then only possible, unless nothing is left.
 */
async function explain(subject: Subject, start: State): Promise<State> {
  if (offOf(start.fits).length === 0) return explainByRecord(subject, start);
  const ends: State[] = [];
  for (const explanation of explanations) {
    const end = await explanation(subject, start);
    if (isSettled(end)) ends.push(end);
    // What the weights say themselves need not be guessed.
    if (ends.some(({ isRecorded }) => isRecorded)) break;
  }
  const [best, next] = ends
    .sort((a, b) => Number(b.isRecorded ?? false) - Number(a.isRecorded ?? false) || misfit(a.fits) - misfit(b.fits))
    .slice(0, 2);
  if (!best) return together(subject, start);
  const isAlike = next && !best.isRecorded && misfit(next.fits) <= 2 * misfit(best.fits) + alike;
  if (!isAlike) return best;
  // Of two that fit as well, the one without free numbers is the better.
  if (best.isFree !== next.isFree) return best.isFree ? next : best;
  const both = [...best.causes, ...next.causes];
  return { ...best, causes: asPossible(both, "it is not the only one with which all averages fit") };
}

/** All explanations, one on top of the other. */
async function together(subject: Subject, start: State): Promise<State> {
  let state = start;
  for (const explanation of explanations) {
    if (offOf(state.fits).length > 0) state = await explanation(subject, state);
  }
  return isSettled(state)
    ? state
    : { ...state, causes: asPossible(state.causes, "some averages do not fit with it either") };
}

function hasShown(causes: readonly Cause[]): boolean {
  return causes.some(({ shown }) => shown);
}

function asPossible(causes: readonly Cause[], why: string): Cause[] {
  return causes.map((cause) => ({ ...cause, shown: false, against: [...cause.against, why] }));
}
