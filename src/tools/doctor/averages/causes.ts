import { formatNumber } from "../../../util/number-format.js";
import { listed } from "../../../util/words.js";
import { readFactor } from "../../batch-norm/factor.js";
import type { Cause } from "../cause.js";
import { type Fit, namesOf, type Subject, worstOf } from "../subject.js";
import { isAbrupt } from "./pattern.js";

// Causes of averages that no single difference explains.

/** What was measured of averages that do not fit. */
export interface Misfit {
  /** Those that do not fit, and all. */
  readonly off: readonly Fit[];
  readonly all: readonly Fit[];
  readonly evidence: readonly string[];
  /** Whether averages that are measured anew make a score better; undefined if there is none. */
  readonly helps: boolean | undefined;
}

/** Data that are prepared otherwise than in training, in a way that was not found. */
export function unlikePrepared({ off, all, evidence }: Misfit): Cause {
  return {
    kind: "input",
    shown: false,
    title: "the data are not prepared as in training",
    layers: namesOf(off),
    evidence: [...evidence, ...firstMisfit(all)],
    against: ["no scale, shift or order of channels was found with which all averages fit"],
    remedy: "Look at transform_param, the size and cropping of images, and the order of channels.",
  };
}

/** Averages of a few layers that were damaged. */
export function damaged({ off, evidence }: Misfit, shown: boolean): Cause {
  const names = namesOf(off);
  return {
    kind: "damaged",
    shown,
    title: `the averages of ${listed(names, 3)} alone are wrong`,
    layers: names,
    evidence: [
      ...evidence,
      shown
        ? "the layers in front of it and behind it fit, so the data and the weights there are as in training"
        : "the other layers fit",
    ],
    against: shown ? [] : ["other data, or other weights in front of it, would be seen at this layer alone, too"],
    remedy:
      "Look at what wrote these blobs: a tool, another snapshot, a damaged file (moka stats shows their values). moka calibrate measures " +
      "the averages anew, and leaves the weights as they are.",
  };
}

/** Averages of earlier weights. */
export function staleAverages(subject: Subject, { off, evidence }: Misfit, shown: boolean): Cause {
  return {
    kind: "stale",
    shown,
    title: shown ? "the averages do not belong to these weights" : "the averages have not followed the weights",
    layers: namesOf(off),
    evidence: [...evidence, ...memoryLine(subject, off)],
    against: shown ? [] : againstStale(off, subject),
    remedy:
      "moka calibrate on the data of training puts them right at once. For the next training: a lower moving_average_fraction (0.99, or " +
      "0.9 for a short one), or a longer training that ends with a small learning rate. moka lint --solver --weights computes how much an " +
      "average keeps.",
  };
}

/** How long the average that fits worst remembers, by its factor. */
function memoryLine({ stored }: Subject, off: readonly Fit[]): string[] {
  const worst = worstOf(off);
  if (!worst) return [];
  const { name, fraction } = worst.norm;
  const factor = stored.get(name)?.factor ?? 0;
  const reading = readFactor(factor, fraction);
  const start = `the factor of ${name} is ${reading.text}`;
  if (isYoung(factor, fraction)) {
    const memory = formatNumber(1 / (1 - fraction), 4);
    return [
      `${start}; an average with the fraction ${formatNumber(fraction)} forgets in several times ${memory} updates, so it still holds how training began`,
    ];
  }
  if (reading.state === "too large") return [`${start}, so it was begun with another fraction`];
  const half = Math.ceil(Math.log(0.5) / Math.log(fraction));
  return [
    `${start}; an average with the fraction ${formatNumber(fraction)} needs ${half} updates to forget half of what it had`,
  ];
}

function againstStale(off: readonly Fit[], { training, givenIsTraining }: Subject): string[] {
  return [
    ...(training || givenIsTraining ? [] : ["the data of training are not there to compare with"]),
    ...(off.length === 1 ? ["only one layer does not fit"] : []),
  ];
}

/** If the factor is below this share of its limit, 1/(1 − f), the first updates still count in an average. */
const settled = 0.95;

/** Whether an average still holds how training began. */
export function isYoung(factor: number, fraction: number): boolean {
  return readFactor(factor, fraction).state === "growing" && factor * (1 - fraction) < settled;
}

/** Data of another kind than those of training. */
export function unlikeTraining({ off, all, evidence }: Misfit, shown: boolean): Cause {
  const [first] = all;
  return {
    kind: "other data",
    shown,
    title: "the data given are not like those of training",
    layers: namesOf(off),
    evidence: [...evidence, ...firstMisfit(all)],
    against: first?.isOff === false ? [`the first BatchNorm, ${first.norm.name}, fits them`] : [],
    remedy:
      "Look whether they are prepared as in training (scale, mean, order of channels, size, cropping), and run again with the data of training. If they are " +
      "meant to be others, moka calibrate on them fits the averages to them; its table of scores shows whether that helps.",
  };
}

function firstMisfit([first]: readonly Fit[]): string[] {
  return first?.isOff ? [`already the first BatchNorm, ${first.norm.name}, does not fit them`] : [];
}

/** Other weights, or other layers, in front of the first averages that do not fit. */
export function otherNet({ off, all, evidence, helps }: Misfit): Cause {
  const [first] = off;
  const name = first?.norm.name;
  const before = all[all.findIndex(({ norm }) => norm === first?.norm) - 1]?.norm.name;
  const between = before ? `between ${before} and ${name}` : `in front of ${name}`;
  const abrupt = isAbrupt(off, all);
  return {
    kind: "structure",
    shown: false,
    title: `${between} the net is not as it was trained: other weights, or other layers`,
    layers: namesOf(off),
    evidence: [
      ...evidence,
      ...(abrupt
        ? [`the averages fit closely up to ${before}, and the first that do not fit are those of ${name}`]
        : []),
      ...(helps === false ? ["averages that are measured anew do not make the scores better"] : []),
    ],
    against: abrupt
      ? []
      : [
          before
            ? `the averages up to ${before} do not fit closely`
            : `no averages in front of ${name} tell where it begins`,
        ],
    remedy:
      `Compare the layers ${between} with the net that was trained: activations, pooling, eps, and whether their weights come from the same ` +
      "snapshot.",
  };
}

/** How far averages are from data, where most. */
export function divergenceText(off: readonly Fit[], set: string): string {
  const worst = worstOf(off);
  if (!worst) return "";
  const most = off.length > 1 ? `, most at ${worst.norm.name}` : "";
  return (
    `${set} differ from the averages at ${listed(namesOf(off), 3)}${most}, by ` +
    `${formatNumber(worst.divergence, 3)} nats a channel`
  );
}
