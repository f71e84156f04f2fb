import type { NormBlobs } from "../../batch-norm/norm-layers.js";
import type { Cause } from "../cause.js";
import { type State, scoreLine } from "../explanations/state.js";
import { measuredBlobs, type Scored } from "../lab.js";
import { isAtChance, isPoor } from "../scores.js";
import { type Fit, fitting, namesOf, offOf, type Subject } from "../subject.js";
import {
  damaged,
  divergenceText,
  isYoung,
  type Misfit,
  otherNet,
  staleAverages,
  unlikePrepared,
  unlikeTraining,
} from "./causes.js";
import { isAbrupt, isAlone, isAtInput, isSingle } from "./pattern.js";

/** Averages that nothing explains: tries those that are measured anew, and tells what speaks for each reason. */
export async function unexplainedAverages(subject: Subject, state: State): Promise<Cause[]> {
  const { lab, judge, given, tried } = subject;
  const off = offOf(state.fits);
  if (off.length === 0) return [];
  const whose = isOnTraining(subject, state) ? "the training data" : "the data given";
  const measured = measuredBlobs(state.observed);
  const exchanged = await exchangeAlone(subject, state, off, measured);
  const anew = await lab.score(given.set, new Map([...state.averages, ...measured]), state.variant);
  const helps = judge.isWorse(given.averages, anew);
  tried.push(`all averages measured anew on ${whose}: ${judge.text(anew.scores) || "they fit, as they must"}`);
  const evidence = [
    divergenceText(off, whose),
    ...scoreLine(subject, `with averages measured anew on ${whose}`, anew.scores),
    ...exchanged,
  ];
  if (isHarmless(off, state, helps)) {
    tried.push("averages that do not fit are no cause: measuring them anew changes no score for the better");
    return [];
  }
  return causesOf(subject, state, { off, evidence, all: state.fits, helps }, anew);
}

/** Whether the averages are compared with the data of training. */
function isOnTraining({ training, givenIsTraining }: Subject, { side }: State): boolean {
  return side === training || givenIsTraining;
}

/** Averages that lead to no better results do no harm, in a net that knows its data. */
function isHarmless(off: readonly Fit[], { side }: State, helps: boolean | undefined): boolean {
  const poor = isPoor(side.batch);
  if (helps !== false || poor === true) return false;
  return poor === false || off.every(({ divergence }) => divergence <= fitting);
}

/** A loss that new averages make less by this share or more says something of the old ones. */
const little = 0.01;

/** @param anew what the net scores with averages that are measured anew */
function causesOf(subject: Subject, state: State, misfit: Misfit, anew: Scored): Cause[] {
  const { off, all, helps } = misfit;
  const isReference = isOnTraining(subject, state);
  const poor = isPoor(state.side.batch);
  const abrupt = isAbrupt(off, all);
  if (helps === false && poor === undefined) {
    const gain = 1 - (anew.scores.loss ?? 0) / (subject.given.averages.scores.loss ?? 1);
    const isKnown = gain >= little;
    return [...(isKnown ? [staleAverages(subject, misfit, false)] : []), otherNet(misfit)];
  }
  // Averages that are only old, or damaged, could be measured anew.
  if (isAtChance(anew) === true && isAtChance(state.side.batch) !== false) return [otherNet(misfit)];
  // What reaches the first BatchNorm may be other data as well, where those of training are not there.
  const alone = isAlone(subject, off, all);
  if (alone && (isReference || !isAtInput(subject, off))) return [damaged(misfit, true)];
  if (!isReference) {
    const every = [
      ...(all[0]?.isOff ? [unlikePrepared(misfit)] : []),
      unlikeTraining(misfit, false),
      ...(alone ? [damaged(misfit, false)] : []),
      staleAverages(subject, misfit, false),
      otherNet(misfit),
    ];
    return abrupt ? every.reverse() : every;
  }
  // Where batch statistics give good results on the data of training, the weights and the layers are sound.
  if (poor === false) {
    const young = off.some(({ norm }) => isYoung(subject.stored.get(norm.name)?.factor ?? 0, norm.fraction));
    const isLast = !young && isSingle(off, all);
    if (isLast) return [damaged(misfit, false), otherNet(misfit)];
    // Weights that were changed behind the last layer that fits would look the same.
    return abrupt ? [staleAverages(subject, misfit, false), otherNet(misfit)] : [staleAverages(subject, misfit, true)];
  }
  if (abrupt) return [otherNet(misfit)];
  // A loss alone does not tell whether the net is sound.
  const both = [staleAverages(subject, misfit, false), otherNet(misfit)];
  return poor === undefined ? both : both.reverse();
}

/** Each layer whose averages are exchanged alone costs a run. */
const mostExchanged = 8;

/** Puts the measured averages into one layer at a time, and tells which of them alone helps most. */
async function exchangeAlone(
  { lab, judge, given, tried }: Subject,
  { averages, variant }: State,
  off: readonly Fit[],
  measured: ReadonlyMap<string, NormBlobs>,
): Promise<string[]> {
  if (off.length < 2 || judge.text(given.averages.scores) === "") return [];
  const results: { name: string; text: string; loss: number }[] = [];
  for (const name of namesOf(off).slice(0, mostExchanged)) {
    const own = measured.get(name);
    if (!own) continue;
    const { scores } = await lab.score(given.set, new Map([...averages, [name, own]]), variant);
    results.push({ name, text: judge.text(scores), loss: scores.loss ?? 0 });
  }
  results.sort((a, b) => a.loss - b.loss);
  const [best] = results;
  if (!best) return [];
  tried.push(...results.map(({ name, text }) => `the averages of ${name} alone measured anew: ${text}`));
  return [`of one layer alone, those of ${best.name} help most: ${best.text}`];
}
