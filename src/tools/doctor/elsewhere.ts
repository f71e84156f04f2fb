import { formatNumber } from "../../util/number-format.js";
import { counted } from "../../util/words.js";
import type { Cause } from "./cause.js";
import type { Scored } from "./lab.js";
import { exchangeOf, type Predictions } from "./predictions.js";
import { isAtChance, isPoor, skill } from "./scores.js";
import { fits, type Side, type Subject } from "./subject.js";

/** Labels count as exchanged if an exchange makes the accuracy at least this, and this much more than it is, and three standard errors. */
const [exchanged, gained] = [0.5, 0.05];
/** A net does worse on the data given than on those of training if its skill is this much less. */
const worse = 0.1;
/** Below this skill, the share of the way from guessing to no error, results are not good by themselves. */
const good = 0.7;
/** A net with an accuracy below this on the data of training has not learned them, also where guessing is hard to do better than. */
const half = 0.5;
/** A net that has learned has less than this share of the loss of one that has not. */
const learned = 0.6;
/** A training on fewer images than this has seen little. */
const fewImages = 100;
/** From this many times the loss of training on, the data given are worse for another reason than chance. */
const farther = 1.5;

/** What to look at where BatchNorm is innocent: labels, data, too little of them, a net that has not learned. */
export async function otherCauses(subject: Subject): Promise<Cause[]> {
  const { given, training, givenIsTraining, judge } = subject;
  const { predictions } = given.averages;
  if (!predictions) return lossCauses(subject);
  const accuracy = `accuracy ${formatNumber(predictions.accuracy, 4)}; guessing gives ${formatNumber(predictions.chance, 3)}`;
  const labels = exchangedLabels(predictions, accuracy);
  if (labels) return [labels];
  const best = bestOf(training?.averages, training?.batch);
  const isGuessing = isAtChance(given.averages) === true;
  if (isGuessing && (!best || isAtChance(best))) {
    const isKnown = best !== undefined || givenIsTraining;
    const evidence = [
      accuracy,
      ...(training ? [`on the data of training: ${judge.text(training.averages.scores)}`] : []),
      batchLine(subject),
    ];
    return [untrained(evidence, isKnown), ...(isKnown ? [] : [labelCause([accuracy], [])])];
  }
  const [own, reached] = [skill(given.averages), best && skill(best)];
  if (own === undefined) return [];
  if (!training || reached === undefined) {
    // A net that is looked at for bad results, and has some, is not well because its averages fit.
    return own >= good || givenIsTraining ? [] : withoutReference(subject, accuracy);
  }
  if (best && isPoor(best) && (best.predictions?.accuracy ?? 1) < half) {
    const evidence = [accuracy, `on the data of training: ${judge.text(training.averages.scores)}`, batchLine(subject)];
    return [untrained(evidence, false), labelCause([accuracy], [])];
  }
  return isGuessing || own < reached - worse ? besideTraining(subject, training, accuracy, isGuessing) : [];
}

/** What bad results may come from where those on the data of training are better. */
function besideTraining(subject: Subject, training: Side, accuracy: string, isGuessing: boolean): Cause[] {
  const { given, judge } = subject;
  const evidence = [
    `on the data of training ${judge.text(training.averages.scores)}, on the data given ${judge.text(given.averages.scores)}`,
    batchLine(subject),
  ];
  const distance = distanceOf(subject);
  const overfitting = overfittingCause(
    [...evidence, `${counted(training.set.images, "different image")} of the training data were run`],
    isGuessing ? ["it does no better than guessing here; overfitting seldom goes so far"] : [],
  );
  const wrong = labelCause(
    [accuracy, ...(distance.isFar ? [] : [distance.text])],
    [
      ...(isGuessing ? [] : ["the net is right far more often than by guessing"]),
      ...(distance.isFar ? [distance.text] : []),
    ],
  );
  const different = differentCause(evidence, distance);
  if (distance.isFar) return [different, overfitting, wrong];
  return isGuessing ? [wrong, overfitting, different] : [overfitting, wrong, different];
}

/** What the net scores on the data given with batch statistics. */
function batchLine({ given, judge }: Subject): string {
  return `with batch statistics, on the data given: ${judge.text(given.batch.scores)}`;
}

/** What bad results may come from where the data of training are not there. */
function withoutReference(subject: Subject, accuracy: string): Cause[] {
  const evidence = [accuracy, batchLine(subject)];
  const against = ["without the data of training it is not known whether the net does better there"];
  return [overfittingCause(evidence, against), labelCause(evidence, against), unlikeCause(evidence, against)];
}

function exchangedLabels(predictions: Predictions, accuracy: string): Cause | undefined {
  const found = exchangeOf(predictions);
  const error = Math.sqrt((predictions.accuracy * (1 - predictions.accuracy)) / predictions.count);
  const least = Math.max(exchanged, predictions.accuracy + Math.max(gained, 3 * error));
  if (!found || found.accuracy < least) return undefined;
  const pairs = found.says.flatMap((says, label) => (says === label ? [] : [`${label} → ${says}`]));
  const more = pairs.length > mostPairs ? ", …" : "";
  return {
    kind: "labels",
    shown: true,
    title: "the labels are not those of the training: classes are exchanged",
    layers: [],
    evidence: [
      accuracy,
      `the class that the net says most often for each label: ${pairs.slice(0, mostPairs).join(", ")}${more}`,
      `with the classes exchanged so the accuracy is ${formatNumber(found.accuracy, 4)}`,
    ],
    against: [],
    remedy: "Look at the list of classes, and whether labels begin at 0 or 1, in training and here.",
  };
}

const mostPairs = 5;

/** For a net with a loss alone: beside that of training, and beside that of the same net with the weights of its fillers. */
async function lossCauses(subject: Subject): Promise<Cause[]> {
  const { given, training, lab, judge } = subject;
  const [own, reference] = [given.averages.scores.loss, training?.averages.scores.loss];
  if (own === undefined) return [];
  const { scores } = await lab.observe(given.set, { isUntrained: true });
  const without = scores.loss ?? Number.POSITIVE_INFINITY;
  const beside = `loss ${formatNumber(own, 4)}; with the weights that the fillers make, ${formatNumber(without, 4)}`;
  if (own > learned * without && (reference === undefined || reference > learned * without)) {
    const evidence = [
      beside,
      ...(training ? [`on the data of training: ${judge.text(training.averages.scores)}`] : []),
    ];
    return [untrained(evidence, training !== undefined)];
  }
  if (reference === undefined || !(own > farther * reference + 0.01)) return [];
  const evidence = [
    `loss ${formatNumber(own, 4)}, ${formatNumber(reference, 4)} on the data of training`,
    batchLine(subject),
    beside,
  ];
  const distance = distanceOf(subject);
  const others = [overfittingCause(evidence, []), labelCause(evidence, [])];
  const different = differentCause(evidence, distance);
  return distance.isFar ? [different, ...others] : [...others, different];
}

function untrained(evidence: readonly string[], isKnown: boolean): Cause {
  return {
    kind: "untrained",
    shown: isKnown,
    title: isKnown
      ? "the net has learned hardly anything of its own training data"
      : "the net knows hardly anything of these data",
    layers: [],
    evidence,
    against: [],
    remedy:
      "Look whether these are the weights of this net (moka lint --weights), whether its training has learned anything (its log), and " +
      "at the labels.",
  };
}

function labelCause(evidence: readonly string[], against: readonly string[]): Cause {
  return {
    kind: "labels",
    shown: false,
    title: "the labels do not belong to these images",
    layers: [],
    evidence,
    against,
    remedy:
      "Look at some images with their labels: they may come in another order than their labels, or from another list of classes.",
  };
}

function overfittingCause(evidence: readonly string[], against: readonly string[]): Cause {
  return {
    kind: "overfitting",
    shown: false,
    title: "the net knows its training data by heart (overfitting)",
    layers: [],
    evidence,
    against,
    remedy:
      "More or more varied training data, stronger weight_decay, dropout behind the last BatchNorm, a smaller net; compare the curves " +
      "of training and test (moka parse_log).",
  };
}

/** Data of another kind; how far the averages are from them speaks for it or against it. */
function differentCause(evidence: readonly string[], { isFar, text }: Distance): Cause {
  return isFar ? unlikeCause([...evidence, text], []) : unlikeCause(evidence, [text]);
}

function unlikeCause(evidence: readonly string[], against: readonly string[]): Cause {
  return {
    kind: "other data",
    shown: false,
    title: "the data are of another kind than those of training",
    layers: [],
    evidence,
    against,
    remedy: "Look at some of both: size, cropping, colors, what they show.",
  };
}

interface Distance {
  readonly isFar: boolean;
  readonly text: string;
}

/** How much farther the data given are from the averages than those of training, where both fit. */
function distanceOf(subject: Subject): Distance {
  const { given, training, stored } = subject;
  const worst = (side: Side | undefined) =>
    Math.max(0, ...(side ? fits(subject, side.batch, stored, 0).map(({ divergence }) => divergence) : []));
  const [own, reference] = [worst(given), worst(training)];
  return {
    // Averages fit a few images of training closer than others by chance.
    isFar: own > 5 * reference && own > 0.01 && (training?.set.images ?? 0) > fewImages,
    text:
      `the averages are at most ${formatNumber(own, 3)} nats from the data given, ${formatNumber(reference, 3)} from those of ` +
      "training",
  };
}

function bestOf(...all: readonly (Scored | undefined)[]): Scored | undefined {
  const known = all.filter((each): each is Scored => each?.predictions !== undefined);
  return known.sort((a, b) => (b.predictions?.accuracy ?? 0) - (a.predictions?.accuracy ?? 0))[0];
}
