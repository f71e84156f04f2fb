import { formatNumber } from "../../util/number-format.js";
import { counted, listed } from "../../util/words.js";
import { readFactor } from "../batch-norm/factor.js";
import type { NormBlobs } from "../batch-norm/norm-layers.js";
import type { Cause } from "./cause.js";
import { type State, scoreLine } from "./explanations/state.js";
import { divergenceText } from "./facts.js";
import { blobsOf, type Scored } from "./lab.js";
import { isAtChance, isPoor, skill } from "./scores.js";
import { type Fit, fits, isFirstLevel, namesOf, offOf, type Subject, stale } from "./subject.js";
import { upstream } from "./variants.js";

/** A layer fits tightly if it is this many times nearer than those that do not. */
const tightly = 10;

/** Averages that nothing explains: tries those that are measured anew, and tells what speaks for each reason. */
export async function unexplainedAverages(subject: Subject, state: State): Promise<Cause[]> {
  const { lab, judge, given, tried, training } = subject;
  const off = offOf(state.fits);
  if (off.length === 0) return [];
  const isReference = state.side === training || subject.givenIsTraining;
  const whose = isReference ? "the training data" : "the data given";
  const measured = new Map([...state.observed.norms].map(([name, own]) => [name, blobsOf(own)]));
  const exchanged = await exchangeAlone(subject, state, off, measured);
  const all = await lab.score(given.set, new Map([...state.averages, ...measured]), state.variant);
  const helps = judge.isWorse(given.averages, all);
  tried.push(`all averages measured anew on ${whose}: ${judge.text(all.scores) || "they fit, as they must"}`);
  const evidence = [
    divergenceText(off, whose),
    ...scoreLine(subject, `with averages measured anew on ${whose}`, all.scores),
    ...exchanged,
  ];
  const context = { off, evidence, all: state.fits, helps };
  const poor = isPoor(state.side.batch);
  const abrupt = isAbrupt(off, state.fits);
  const isAlike = off.every(({ divergence }) => divergence <= stale);
  // Averages that lead to no better results do no harm, in a net that knows its data.
  if (helps === false && (poor === false || (poor === undefined && isAlike))) {
    tried.push("averages that do not fit are no cause: measuring them anew changes no score for the better");
    return [];
  }
  const isTop = off.every(({ norm }) => isFirstLevel(subject, norm));
  if (helps === false && poor === undefined) {
    const gain = 1 - (all.scores.loss ?? 0) / (given.averages.scores.loss ?? 1);
    return gain < little ? [foreign(context, abrupt)] : [staleCause(subject, context, false), foreign(context, abrupt)];
  }
  // Averages that are only old, or damaged, could be measured anew.
  if (isAtChance(all) === true && isAtChance(state.side.batch) !== false) return [foreign(context, abrupt)];
  // What reaches the first BatchNorm may be other data as well, where those of training are not there.
  const alone = isAlone(subject, off, state.fits);
  if (alone && (isReference || !isTop)) return [damaged(context, true)];
  if (!isReference) {
    const every = [
      ...(state.fits[0]?.isOff ? [unlikePrepared(context)] : []),
      otherDataCause(context, false),
      ...(alone ? [damaged(context, false)] : []),
      staleCause(subject, context, false),
      foreign(context, abrupt),
    ];
    return abrupt ? every.reverse() : every;
  }
  // Where batch statistics give good results on the data of training, the weights and the layers are sound.
  if (poor === false) {
    const isYoung = off.some(({ norm }) => isYoungAverage(subject.stored.get(norm.name)?.factor ?? 0, norm.fraction));
    if (!isYoung && isLast(off, state.fits)) return [damaged(context, true)];
    return [staleCause(subject, context, true)];
  }
  // A loss alone does not tell whether the net is sound.
  if (poor === undefined && !abrupt) return [staleCause(subject, context, false), foreign(context, abrupt)];
  return abrupt ? [foreign(context, abrupt)] : [foreign(context, abrupt), staleCause(subject, context, false)];
}

/** A loss that new averages make less by this share or more says something of the old ones. */
const little = 0.01;

/** Data that are prepared otherwise than in training, in a way that was not found. */
function unlikePrepared({ off, evidence, all }: Context): Cause {
  return {
    kind: "input",
    shown: false,
    title: "the data are not prepared as in training",
    layers: namesOf(off),
    evidence: [...evidence, `already ${all[0]?.norm.name}, the first BatchNorm, does not fit them`],
    against: ["no scale, shift or order of channels was found with which all averages fit"],
    remedy: "Look at transform_param, the size and cropping of images, and the order of channels.",
  };
}

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

const mostExchanged = 8;

interface Context {
  readonly off: readonly Fit[];
  readonly evidence: readonly string[];
  readonly all: readonly Fit[];
  /** Whether averages that are measured anew make a score better; undefined if there is none. */
  readonly helps: boolean | undefined;
}

/** Whether layers behind those that do not fit, and in front of them, fit tightly: then what reaches them is as in training. */
function isAlone({ graph }: Subject, off: readonly Fit[], all: readonly Fit[]): boolean {
  const wrong = new Set(off.map(({ norm }) => norm.message));
  const isBehind = ({ norm }: Fit) => [...upstream(graph, norm.message)].some((layer) => wrong.has(layer));
  const fitting = all.filter(({ isOff }) => !isOff);
  const worst = (fits: readonly Fit[]) => Math.max(0, ...fits.map(({ divergence }) => divergence));
  const behind = fitting.filter(isBehind);
  return (
    behind.length > 0 &&
    off.length <= Math.max(1, all.length / 3) &&
    fitting.every((fit) => isTight(fit, off)) &&
    // Foreign weights in front of it leave a trace behind it.
    worst(behind) <= Math.max(3 * worst(fitting.filter((fit) => !isBehind(fit))), untouched)
  );
}

/** Layers that nothing has touched fit at least so well, in nats. */
const untouched = 0.005;

/** Whether only the last layers do not fit, and those in front fit tightly. */
function isLast(off: readonly Fit[], all: readonly Fit[]): boolean {
  return off.length === 1 && all.length > 2 && all.every((fit) => fit.isOff || isTight(fit, off));
}

function isTight({ divergence }: Fit, off: readonly Fit[]): boolean {
  return off.every((each) => each.divergence > tightly * divergence);
}

/** Whether the layers in front of the first that does not fit do so tightly, and all behind it do not. */
function isAbrupt(off: readonly Fit[], all: readonly Fit[]): boolean {
  const first = all.findIndex(({ isOff }) => isOff);
  const front = all.slice(0, first);
  return front.length > 0 && front.every((fit) => isTight(fit, off.slice(0, 1)));
}

function damaged({ off, evidence }: Context, shown: boolean): Cause {
  const names = namesOf(off);
  return {
    kind: "damaged",
    shown,
    title: `the averages of ${listed(names, 3)} alone are wrong`,
    layers: names,
    evidence: [
      ...evidence,
      shown
        ? "the other layers fit: the data, the weights and the layers between are as in training"
        : "the other layers fit",
    ],
    against: shown ? [] : ["other data would be seen at this layer alone, too"],
    remedy:
      "Look what has written these blobs (a tool, another snapshot, a damaged file; moka stats shows them). moka calibrate measures " +
      "them anew, and leaves the weights as they are.",
  };
}

function staleCause(subject: Subject, { off, evidence }: Context, shown: boolean): Cause {
  const [worst] = [...off].sort((a, b) => b.divergence - a.divergence);
  const { norm } = worst ?? {};
  const factor = (norm && subject.stored.get(norm.name)?.factor) ?? 0;
  const fraction = norm?.fraction ?? 0.999;
  const reading = readFactor(factor, fraction);
  const half = Math.ceil(Math.log(0.5) / Math.log(fraction));
  const young = isYoungAverage(factor, fraction);
  const why = young
    ? `the factor of ${norm?.name} is ${reading.text}, where the average forgets only in several times 1/(1 − ${formatNumber(fraction)}): it still holds how training began`
    : `the factor of ${norm?.name} is ${reading.text}; with ${formatNumber(fraction)} an average needs ${half} updates to forget half of what it had before, so after a short training it is that of earlier weights`;
  return {
    kind: "stale",
    shown,
    title: shown
      ? "the averages are not those of these weights: they have not followed the training"
      : "the averages have not followed the weights",
    layers: namesOf(off),
    evidence: [...evidence, why],
    against: shown ? [] : againstStale(off, subject),
    remedy:
      "moka calibrate on the data of training puts them right at once. For the next training: a lower moving_average_fraction (0.99 or " +
      "0.9 for short ones), or a longer one, whose end has a small learning rate; moka lint --solver --weights reckons how much an average keeps.",
  };
}

function againstStale(off: readonly Fit[], { training, givenIsTraining }: Subject): string[] {
  return [
    ...(training || givenIsTraining ? [] : ["the data of training are not there to compare with"]),
    ...(off.length === 1 ? ["only one layer does not fit"] : []),
  ];
}

function otherDataCause({ off, evidence, all }: Context, shown: boolean): Cause {
  const firstFits = all[0]?.isOff === false;
  return {
    kind: "other data",
    shown,
    title: shown ? "the data given are not like those of training" : "the data are not like those of training",
    layers: namesOf(off),
    evidence: [
      ...evidence,
      ...(all[0]?.isOff ? [`already ${all[0].norm.name}, the first BatchNorm, does not fit them`] : []),
    ],
    against: firstFits ? [`${all[0]?.norm.name}, the first BatchNorm, fits them`] : [],
    remedy:
      "Look whether they are prepared as in training (scale, mean, order of channels, size, cropping), and run again with the data of training. If they are " +
      "meant to be others, moka calibrate on them fits the averages, as far as that helps.",
  };
}

function foreign({ off, evidence, all, helps }: Context, abrupt: boolean): Cause {
  const [first] = off;
  const at = all.findIndex(({ norm }) => norm === first?.norm);
  const before = all[at - 1]?.norm.name;
  const between = before ? `between ${before} and ${first?.norm.name}` : `in front of ${first?.norm.name}`;
  return {
    kind: "structure",
    shown: false,
    title: `${between} the net is not as it was trained: other weights, or other layers`,
    layers: namesOf(off),
    evidence: [
      ...evidence,
      ...(abrupt ? [`${before} fits, and from ${first?.norm.name} on nothing does`] : []),
      ...(helps === true || helps === undefined ? [] : ["new averages do not make it better, nor do batch statistics"]),
    ],
    against: abrupt ? [] : ["the misfit does not begin at one place"],
    remedy:
      `Compare the layers ${between} with the net that was trained: activations, pooling, eps, and whether their weights come from the same ` +
      "snapshot.",
  };
}

/**
 * Data without labels whose first BatchNorm fits far worse than those behind, though not badly: other data show there, since
 * those behind see normalized values.
 */
export function unusualData(subject: Subject, state: State): string[] {
  const [tops, others] = [true, false].map((isTop) =>
    state.fits.filter(({ norm }) => isFirstLevel(subject, norm) === isTop),
  ) as [Fit[], Fit[]];
  const usual = others.map(({ divergence }) => divergence).sort((a, b) => a - b)[others.length >> 1];
  const [worst] = [...tops].sort((a, b) => b.divergence - a.divergence);
  if (usual === undefined || !worst || worst.divergence < unusual || worst.divergence < tightly * usual) return [];
  return [
    `the data may be a little unlike those of training: ${worst.norm.name} is ${formatNumber(worst.divergence, 3)} nats from them, ` +
      `those behind it ${formatNumber(usual, 3)}`,
  ];
}

/** The divergence from which on it is worth saying, in nats. */
const unusual = 0.02;

/** Averages that fit the data of training, and not the data given. */
export async function otherData(subject: Subject, state: State): Promise<Cause[]> {
  const { lab, judge, given, tried, training } = subject;
  const off = offOf(state.fits);
  if (!training || off.length === 0) return [];
  const measured = new Map([...state.observed.norms].map(([name, own]) => [name, blobsOf(own)]));
  const own = await lab.score(given.set, measured, state.variant);
  tried.push(`averages measured on the data given: ${judge.text(own.scores) || "they fit, as they must"}`);
  const helps = judge.isWorse(given.averages, own);
  if (helps === false) return [];
  const cause = otherDataCause(
    {
      off,
      all: state.fits,
      helps,
      evidence: [
        "the averages fit the data of training",
        divergenceText(off, "the data given"),
        ...scoreLine(subject, "with averages of the data given", own.scores),
      ],
    },
    true,
  );
  return [cause];
}

/** A net that needs the small or sorted batches that it was trained with, or whose averages are those of sorted ones. */
export async function smallBatches(subject: Subject, state: State, least: number): Promise<Cause[]> {
  const { lab, judge, training, given, givenIsTraining, tried } = subject;
  const side = training ?? (givenIsTraining ? given : undefined);
  if (!side || state.side !== side) return [];
  const measured = new Map([...state.observed.norms].map(([name, own]) => [name, blobsOf(own)]));
  const pooled = await lab.score(side.set, measured, state.variant);
  const needs = isFarWorse(pooled, side.batch) && judge.isWorse(given.averages, side.batch) === true;
  const off = offOf(state.fits);
  const apart = Math.max(0, ...[...state.observed.norms.values()].map(({ batchSpread }) => batchSpread));
  const isSorted = apart > 1 + Math.max(sorted, 3 * Math.sqrt(2 / side.set.iterations));
  const isHarmed = off.length > 0 || judge.isWorse(pooled, side.batch) === true;
  if (!needs && !(isHarmed && isSorted)) return [];
  const [own, all] = [judge.text(side.batch.scores), judge.text(pooled.scores)];
  tried.push(`averages over all training data, on them: ${all}; ${own} with batches of ${side.set.batchSize}`);
  const names = namesOf(fits(subject, side.batch, subject.stored, least));
  return [
    {
      kind: "small batches",
      shown: needs,
      title: needs
        ? `the net needs the statistics of its batches of ${counted(side.set.batchSize, "image")}`
        : "the batches of training are sorted: each has images that are alike",
      layers: needs || off.length === 0 ? names : namesOf(off),
      evidence: [
        ...(needs
          ? [
              `on the data of training: ${own} with the statistics of each batch, ${all} with the exact averages over ${counted(side.set.images, "image")}`,
              "so it is not the stored averages: what one image gets depends on the others of its batch, and the weights have learned with that",
            ]
          : [
              ...(off.length > 0 ? [divergenceText(off, "the training data")] : []),
              `on the data of training: ${own} with the statistics of each batch, ${all} with averages over all`,
            ]),
        ...(isSorted
          ? [
              `batches differ from each other by ${formatNumber(Math.sqrt(apart), 3)} times what chance makes of images in random order`,
            ]
          : []),
      ],
      against: needs ? [] : ["new averages do not make the scores better"],
      remedy:
        "Train with larger batches, in random order (iter_size does not help: each small batch is normalized by itself), or finetune with " +
        "use_global_stats: true once moka calibrate has measured good averages.",
    },
  ];
}

/** What cannot be seen without another training: whether larger batches would train better. */
export function smallBatchNotes({ training, given, givenIsTraining, norms }: Subject): string[] {
  const side = training ?? (givenIsTraining ? given : undefined);
  if (!side || side.set.batchSize > fewImages || norms.length === 0) return [];
  return [
    `the batches of training have ${counted(side.set.batchSize, "image")}: the averages even out what such a few differ by, the training did not; ` +
      "whether larger ones train better, only a training tells",
  ];
}

const fewImages = 4;

/** Training data that come sorted, as the images looked at have one label and those given have many. */
export function sortedTraining({ training, given }: Subject): Cause[] {
  const [own, others] = [training?.averages.predictions, given.averages.predictions];
  if (!training || !own || !others || own.chance < oneLabel || others.chance > manyLabels) return [];
  return [
    {
      kind: "small batches",
      shown: false,
      title: "the data of training are sorted: a batch has images of one class",
      layers: [],
      evidence: [
        `${formatNumber(100 * own.chance, 3)} % of the first ${counted(training.set.images, "image")} of training have one label; of those given, ${formatNumber(100 * others.chance, 3)} %`,
        "the statistics of such a batch are those of its class, and the averages those of the last classes seen",
      ],
      against: ["the images looked at are the first of training; those behind may be mixed"],
      remedy: "Put the data in random order (convert_imageset --shuffle, or shuffle: true), and train again.",
    },
  ];
}

/** Labels of which so many are the same come sorted, where those of other data have at most that share. */
const [oneLabel, manyLabels] = [0.9, 0.6];

/** Batches drawn at random have means whose variance is more than what chance makes by at most this share, if they are many. */
const sorted = 0.2;

/** Whether a net does worse by far: its skill by three hundredths, or, if it does not classify, its loss by half. */
function isFarWorse(these: Scored, those: Scored): boolean {
  const [own, other] = [skill(these), skill(those)];
  if (own !== undefined && other !== undefined) return own < other - 0.03;
  return (these.scores.loss ?? 0) > 1.5 * (those.scores.loss ?? Number.POSITIVE_INFINITY);
}

/** If the factor is below this share of its limit, 1/(1 − f), the first updates still count in an average. */
const settled = 0.95;

function isYoungAverage(factor: number, fraction: number): boolean {
  return readFactor(factor, fraction).state === "growing" && factor * (1 - fraction) < settled;
}
