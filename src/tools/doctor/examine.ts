import { listed } from "../../util/words.js";
import type { FirstBad } from "../batch-norm/first-bad.js";
import {
  otherData,
  smallBatches,
  smallBatchNotes,
  sortedTraining,
  unexplainedAverages,
  unusualData,
} from "./averages.js";
import { type Cause, isElsewhere, type Verdict } from "./cause.js";
import { otherCauses } from "./elsewhere.js";
import { explainByChanges, explainByMissingActivation, explainByRecord } from "./explanations/changes.js";
import { explainByDropout } from "./explanations/dropout.js";
import { explainByInput } from "./explanations/input.js";
import { explainByLostMeans, explainByReadings } from "./explanations/readings.js";
import { explainBySharing } from "./explanations/sharing.js";
import { isSettled, type State } from "./explanations/state.js";
import { emptyAverages, hardCoded, imagesNeeded, notFinite, unfilledLayers, zeroScales } from "./facts.js";
import { recordedChanges } from "./recorded-changes.js";
import { isPoor } from "./scores.js";
import { type Fit, fits, harmful, misfit, offOf, type Side, type Subject, stale } from "./subject.js";

/** What is wrong with a net, as far as experiments tell. */
export interface Finding {
  readonly verdict: Verdict;
  readonly causes: readonly Cause[];
  /** What could not be told, and why, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Looks for the cause of results that are worse than expected. First what the net, the weights and one run show; then
 * experiments where averages do not fit what reaches their layers, on the data of training if they are there; then, where
 * BatchNorm is innocent, what else there is.
 */
export async function examine(
  subject: Subject,
  bad: { readonly global?: FirstBad; readonly batch?: FirstBad },
): Promise<Finding> {
  const { given, training, judge, norms } = subject;
  const notes: string[] = [];
  const sides = [training, given].filter((side) => side !== undefined);
  const harms = sides.map((side) => judge.isWorse(side.averages, side.batch));
  const isGood = harms.every((harm) => harm !== true) && isPoor(given.averages) === false;
  const least = harms.includes(true) ? harmful : stale;
  const needed = imagesNeeded(subject);
  const isFew = given.set.images < needed;
  if (isFew) {
    const few = given.set.images === 1 ? "one image tells" : `${given.set.images} images tell`;
    notes.push(`${few} too little about averages: give ${needed} or more, as different as those of training`);
  }
  const sorted = sortedTraining(subject);
  const reference = (sorted.length > 0 ? undefined : training) ?? (isFew ? undefined : given);
  const first = reference && stateOf(subject, reference, least);
  const causes = await factsOf(subject, bad, first?.fits ?? [], isGood, notes);
  if (causes.some(({ kind, shown }) => shown && decisive.has(kind))) return verdictOf(causes, notes);
  if (!reference || !first) return verdictOf(causes, notes, true);

  const isFrozen = causes.some(({ kind, title }) => kind === "hard-coded" && title.includes("TRAIN"));
  if (norms.length > 0 && !isFrozen) {
    const explained = await explain(subject, first, least);
    const isHarmless = explained.after !== undefined && judge.isWorse(given.averages, explained.after) === false;
    if (isHarmless) notes.push(...explained.causes.map(({ title }) => `${title}; it changes the scores little`));
    else causes.push(...explained.causes);
    if (!hasShown(explained.causes)) {
      const isOpen = offOf(explained.fits).length > 0 || isHarmless;
      causes.push(...(await unexplainedAverages(subject, isOpen ? explained : first)));
    }
    if (causes.length === 0 && !isHarmless && offOf(explained.fits).length === 0 && reference === training && !isFew) {
      causes.push(...(await onDataGiven(subject, least)));
    }
    // What the net has learned from its batches explains what else is only possible.
    const batches = hasShown(causes) ? [] : [...sorted, ...(await smallBatches(subject, first, least))];
    if (hasShown(batches)) causes.splice(0, causes.length, ...batches);
    else if (causes.length === 0 || sorted.length > 0) causes.unshift(...batches);
  }
  const isScored = judge.isWorse(given.averages, given.batch) !== undefined;
  if (causes.length === 0 && isScored) causes.push(...(await explainByMissingActivation(subject, first)));
  if (causes.length === 0 && !isScored && !training) notes.push(...unusualData(subject, first));
  if (causes.length === 0 && !isFew) {
    causes.push(...(await otherCauses(subject)));
  }
  notes.push(...smallBatchNotes(subject), ...recordNotes(subject, causes));
  return verdictOf(causes, notes, isFew && !training);
}

/** What the net, the weights and one run show. */
async function factsOf(
  subject: Subject,
  bad: Parameters<typeof notFinite>[0],
  all: readonly Fit[],
  isGood: boolean,
  notes: string[],
): Promise<Cause[]> {
  const missing = unfilledLayers(subject, all);
  if (isGood && missing.length > 0) notes.push(`${missing[0]?.title}; the scores do not depend on it`);
  const coded = hardCoded(subject, offOf(all));
  const frozen = new Set(coded.flatMap(({ layers }) => layers));
  const empty = (await emptyAverages(subject)).filter(({ layers }) => !layers.every((name) => frozen.has(name)));
  return [...notFinite(bad, subject), ...(isGood ? [] : missing), ...zeroScales(subject, all), ...coded, ...empty];
}

/** Experiments with the data given, where the averages fit those of training. */
async function onDataGiven(subject: Subject, least: number): Promise<readonly Cause[]> {
  const own = stateOf(subject, subject.given, least);
  if (offOf(own.fits).length === 0) return [];
  const byInput = await explainByInput(subject, own, least);
  if (isSettled(byInput) && hasShown(byInput.causes)) return byInput.causes;
  return [...(await otherData(subject, own)), ...(isSettled(byInput) ? byInput.causes : [])];
}

/** Differences from the record of the trained net that are not stated as causes. */
function recordNotes({ graph, recorded }: Subject, causes: readonly Cause[]): string[] {
  const changes = recordedChanges(graph.layers, recorded).filter(({ text }) => !/^Dropout/.test(text));
  const told = changes.filter(
    ({ layers }) => !causes.some((cause) => layers.every((name) => cause.layers.includes(name))),
  );
  if (told.length === 0) return [];
  return [
    `the weights were saved from a net with ${listed(
      told.map(({ text }) => text),
      3,
    )}; this one is without`,
  ];
}

/** With these nothing else can be judged: values behind them mean nothing. */
const decisive = new Set<Cause["kind"]>(["not finite", "unfilled", "zero-scale"]);

function stateOf(subject: Subject, side: Side, least: number): State {
  const { stored } = subject;
  const all: readonly Fit[] = fits(subject, side.batch, stored, least);
  return { side, variant: {}, averages: stored, observed: side.batch, fits: all, causes: [] };
}

type Explanation = (subject: Subject, state: State, least: number) => Promise<State>;

/** Totals of divergences that differ by less are the same, in nats. */
const alike = 0.002;

/**
 * Tries each explanation alone, and takes the one with which all averages fit best. If two fit as well, both are only possible. If
 * none does, all are tried together; what they find is then only possible, unless nothing is left.
 */
async function explain(subject: Subject, start: State, least: number): Promise<State> {
  if (offOf(start.fits).length === 0) return explainByRecord(subject, start, least);
  const explanations: readonly Explanation[] = [
    explainByReadings,
    explainByLostMeans,
    explainBySharing,
    explainByChanges,
    explainByDropout,
    explainByInput,
  ];
  const ends: State[] = [];
  for (const explanation of explanations) {
    const end = await explanation(subject, start, least);
    if (isSettled(end)) ends.push(end);
    // What the weights say themselves need not be guessed.
    if (ends.some(({ isRecorded }) => isRecorded)) break;
  }
  // Of two that fit as well, the one without free numbers is the better.
  const [best, next] = ends
    .sort((a, b) => Number(b.isRecorded ?? false) - Number(a.isRecorded ?? false) || misfit(a.fits) - misfit(b.fits))
    .slice(0, 2);
  if (!best) return together(subject, start, explanations, least);
  const isAlike = next && !best.isRecorded && misfit(next.fits) <= 2 * misfit(best.fits) + alike;
  if (!isAlike) return best;
  if (best.isFree !== next.isFree) return best.isFree ? next : best;
  const both = [...best.causes, ...next.causes];
  return { ...best, causes: asPossible(both, "it is not the only one with which all averages fit") };
}

/** All explanations, one on top of the other. */
async function together(
  subject: Subject,
  start: State,
  explanations: readonly Explanation[],
  least: number,
): Promise<State> {
  let state = start;
  for (const explanation of explanations) {
    if (offOf(state.fits).length > 0) state = await explanation(subject, state, least);
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

function verdictOf(causes: readonly Cause[], notes: readonly string[], isUnknown = false): Finding {
  const sorted = [...causes.filter(({ shown }) => shown), ...causes.filter(({ shown }) => !shown)];
  const [first] = sorted;
  const kinds = new Set(sorted.map(isElsewhere));
  const verdict = first?.shown
    ? isElsewhere(first)
      ? "elsewhere"
      : "batch-norm"
    : kinds.size > 1 || (kinds.size === 0 && isUnknown)
      ? "cannot-tell"
      : kinds.size === 0
        ? "well"
        : kinds.has(true)
          ? "elsewhere"
          : "batch-norm";
  return { verdict, causes: sorted, notes };
}
