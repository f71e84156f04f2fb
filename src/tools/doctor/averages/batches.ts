import { formatNumber } from "../../../util/number-format.js";
import { counted } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import { inBatchesOf } from "../data-set.js";
import type { State } from "../explanations/state.js";
import { measuredBlobs, type Scored } from "../lab.js";
import { isPoor, skill } from "../scores.js";
import { namesOf, offOf, type Side, type Subject } from "../subject.js";
import { divergenceText } from "./causes.js";

// Batches of training that are small, or sorted.

/** Batches drawn at random have means whose variance is more than what chance makes by at most this share, if they are many. */
const sorted = 0.2;

/** A net that needs the small or sorted batches that it was trained with, or whose averages are those of sorted ones. */
export async function smallBatches(subject: Subject, state: State): Promise<Cause[]> {
  const { lab, judge, given, tried } = subject;
  const side = trainingSide(subject);
  if (!side || state.side !== side) return [];
  const pooled = await lab.score(side.set, measuredBlobs(state.observed), state.variant);
  const needs =
    isPoor(side.batch) !== true && isFarWorse(pooled, side.batch) && judge.isWorse(given.averages, side.batch) === true;
  const off = offOf(state.fits);
  const apart = Math.max(0, ...[...state.observed.norms.values()].map(({ batchSpread }) => batchSpread));
  const isSorted = apart > 1 + Math.max(sorted, 3 * Math.sqrt(2 / side.set.iterations));
  const isHarmedByExact = judge.isWorse(pooled, side.batch) === true;
  if (!needs && !((off.length > 0 || isHarmedByExact) && isSorted)) return [];
  const [own, all] = [judge.text(side.batch.scores), judge.text(pooled.scores)];
  const size = sizeOf(subject, side);
  const together = needs ? await allRanks(subject, side, state) : undefined;
  tried.push(`on the training data, averages over all of them: ${all}; the statistics of batches of ${size}: ${own}`);
  const evidence = [
    ...(!needs && off.length > 0 ? [divergenceText(off, "the training data")] : []),
    `on the data of training: ${own} with the statistics of each batch, ${all} with the exact averages over ${counted(side.set.images, "image")}`,
    ...(needs
      ? [
          "so the stored averages are not the cause: what the net says of an image depends on the others of its batch, and the weights were trained with that",
        ]
      : []),
    ...(together
      ? [
          `with the statistics of the batches of all ${subject.ranks.count} ranks together, which --sync-bn takes: ${judge.text(together.scores)}`,
        ]
      : []),
    ...(isSorted
      ? [
          `the means of batches differ ${formatNumber(Math.sqrt(apart), 3)} times as much as they would if the images came in random order`,
        ]
      : []),
  ];
  return [
    {
      kind: "small batches",
      shown: needs,
      title: needs
        ? `the net needs the statistics of its batches of ${size}`
        : "the batches of training are sorted: the images of a batch are alike",
      layers: namesOf(needs || off.length === 0 ? state.fits : off),
      evidence,
      against: isHarmedByExact
        ? []
        : ["with the exact averages it scores about as much as with the statistics of each batch"],
      remedy:
        `Train with larger batches, in random order${synchronized(subject)} (iter_size does not help: each small batch is normalized by itself), or finetune with ` +
        "use_global_stats: true once moka calibrate has measured good averages.",
    },
  ];
}

function trainingSide({ training, given, givenIsTraining }: Subject): Side | undefined {
  return training ?? (givenIsTraining ? given : undefined);
}

/** The images of a batch by which training normalizes, in words. */
function sizeOf({ ranks: { count, isSync } }: Subject, { set }: Side): string {
  const size = counted(set.batchSize, "image");
  if (count === 1) return size;
  return isSync ? `${size}, ${set.batchSize / count} of each of ${count} ranks` : `${size} on each of ${count} ranks`;
}

/** What ranks can do that have few images each, to follow an advice. */
function synchronized({ ranks: { count, isSync } }: Subject): string {
  return count > 1 && !isSync ? ", or with --sync-bn, which normalizes by the batches of all ranks" : "";
}

/** What the net scores if the ranks, which each normalized by its own batch, do so by all together. */
async function allRanks({ lab, ranks }: Subject, { set }: Side, { variant }: State): Promise<Scored | undefined> {
  if (ranks.count === 1 || ranks.isSync) return undefined;
  return lab.observe(await inBatchesOf(set, set.batchSize * ranks.count), variant);
}

/**
 * Ranks that each normalize by a few images of their own, in a net that does badly on the data of training with these very statistics. Whether
 * other statistics would have made it better, only another training tells, so it is possible only.
 */
export async function smallShares(subject: Subject, state: State): Promise<Cause[]> {
  const { judge, training, ranks } = subject;
  if (ranks.count === 1 || ranks.isSync || !training || training.set.batchSize > fewImages) return [];
  if (isPoor(training.batch) !== true) return [];
  const size = sizeOf(subject, training);
  const together = await allRanks(subject, training, state);
  return [
    {
      kind: "small batches",
      shown: false,
      title: `the net was trained with the statistics of ${size}`,
      layers: namesOf(state.fits),
      evidence: [
        `on the data of training, with the statistics of each such batch: ${judge.text(training.batch.scores)}`,
        ...(together
          ? [
              `with those of the batches of all ${ranks.count} ranks together, as --sync-bn takes them: ${judge.text(together.scores)}`,
            ]
          : []),
      ],
      against: ["whether the net learns better with others, only another training tells"],
      remedy: `Train with larger batches${synchronized(subject)}. moka lint --ranks ${ranks.count} tells how many values a channel has in each layer.`,
    },
  ];
}

const fewImages = 4;

/** What cannot be seen without another training: whether larger batches would train better. */
export function smallBatchNotes(subject: Subject): string[] {
  const side = trainingSide(subject);
  if (!side || side.set.batchSize > fewImages || subject.norms.length === 0) return [];
  return [
    `the batches of training have ${sizeOf(subject, side)}, and the statistics of so few differ much from batch to batch; only ` +
      `another training can tell whether larger batches${synchronized(subject) && ", or --sync-bn,"} train better`,
  ];
}

/** Labels of which so many are the same come sorted, where those of other data have at most that share. */
const [oneLabel, manyLabels] = [0.9, 0.6];

/** Training data that come sorted, as the images looked at have one label and those given have many. */
export function sortedTraining({ training, given }: Subject): Cause[] {
  const [own, others] = [training?.averages.predictions, given.averages.predictions];
  if (!training || !own || !others || own.chance < oneLabel || others.chance > manyLabels) return [];
  const [share, other] = [own, others].map(({ chance }) => formatNumber(100 * chance, 3));
  return [
    {
      kind: "small batches",
      shown: false,
      title: "the data of training are sorted: a batch has images of one class",
      layers: [],
      evidence: [
        `${share} % of the first ${counted(training.set.images, "image")} of training have the same label; of those given, at most ${other} %`,
        "the statistics of such a batch are those of its class, and the averages are those of the classes seen last",
      ],
      against: ["only the first images of training were looked at; the others may be mixed"],
      remedy: "Put the data in random order (convert_imageset --shuffle, or shuffle: true), and train again.",
    },
  ];
}

/** Whether a net does worse by far: its skill by three hundredths, or, if it does not classify, its loss by half. */
function isFarWorse(these: Scored, those: Scored): boolean {
  const [own, other] = [skill(these), skill(those)];
  if (own !== undefined && other !== undefined) return own < other - 0.03;
  return (these.scores.loss ?? 0) > 1.5 * (those.scores.loss ?? Number.POSITIVE_INFINITY);
}
