import { placeOf, sourceOf } from "../../proto/source.js";
import { formatPlace } from "../../util/errors.js";
import { formatNumber } from "../../util/number-format.js";
import { counted, listed } from "../../util/words.js";
import type { LayerGap } from "./compare.js";
import type { FactorReading } from "./factor.js";
import type { NormLayer } from "./norm-layers.js";
import type { Scores } from "./outputs.js";

/** One cause of worse results in testing than in training. */
export interface Cause {
  readonly kind: "empty" | "hard-coded" | "tiny batches" | "other domain" | "slow average";
  /** The cause in a few words. */
  readonly title: string;
  /** The names of the BatchNorm layers it concerns. */
  readonly layers: readonly string[];
  /** The evidence in the numbers of this net, one sentence each. */
  readonly evidence: readonly string[];
  /** What to do about it. */
  readonly remedy: string;
}

/** A BatchNorm of the net under test: its gap, and facts about its blobs. */
export interface MeasuredLayer extends LayerGap {
  readonly factor: number;
  readonly reading: FactorReading;
  /** `moving_average_fraction`. */
  readonly fraction: number;
  /** Whether any value of the second blob is not 0. */
  readonly hasVariance: boolean;
}

/** The data from which `diagnose` finds the causes. */
export interface Measurements {
  /** The BatchNorm layers in the order of the net. */
  readonly layers: readonly MeasuredLayer[];
  /** The BatchNorm layers of the prototxt, by phase. */
  readonly train: readonly NormLayer[];
  readonly test: readonly NormLayer[];
  /** Whether the prototxt is for training: it has data layers or a loss in TRAIN. */
  readonly trains: boolean;
  /** The phase whose data layers give the batches. */
  readonly phase: "TRAIN" | "TEST";
  readonly batches: number;
  /** The number of images in a batch: in the batches measured here, and in those of training, if known. */
  readonly batchSize: number;
  readonly trainBatchSize: number | undefined;
  readonly scores: { readonly batch: Scores; readonly global: Scores };
  /** The outputs that are accuracies: higher is better. */
  readonly accuracies: ReadonlySet<string>;
}

/** Stored statistics count as wrong from this divergence on, in nats per channel: a mean 0.45 σ off, or twice the variance. */
const stale = 0.1;
/** The same limit if the averages are known to make loss or accuracy worse: a mean 0.14 σ off. */
const harmful = 0.01;
/** From this standard deviation on, in σ of the data, a batch's mean is mostly noise, as the mean of 8 independent values. */
const noisy = 0.35;
/** If the factor is below this share of its limit, 1/(1 − f), the first updates still count in an average. */
const settled = 0.95;

/** The likely causes of a gap between training and testing, the most likely first; empty if the gap does no harm. */
export function diagnose(measured: Measurements): Cause[] {
  const empty = measured.layers.filter(isEmpty);
  const frozen = measured.trains ? measured.train.filter(({ useGlobalStats }) => useGlobalStats === true) : [];
  const isFrozen = ({ name }: MeasuredLayer) => frozen.some((norm) => norm.name === name);
  const harm = harmDone(measured);
  const least = harm === undefined ? stale : harmful;
  const isOff = (layer: MeasuredLayer) =>
    !isEmpty(layer) && !(layer.divergence <= Math.max(least, uncertainty(layer, measured)));
  const off = harm === false ? [] : measured.layers.filter(isOff);
  return [
    ...hardCoded(measured, frozen, [...empty, ...off].filter(isFrozen)),
    ...emptyBlobs(empty.filter((layer) => !isFrozen(layer))),
    ...tinyBatches(measured),
    ...wrongAverages(
      measured,
      off.filter((layer) => !isFrozen(layer)),
    ),
  ];
}

function isEmpty({ factor, hasVariance }: MeasuredLayer): boolean {
  return factor === 0 || !hasVariance;
}

/** The sampling error of the data's statistics over few batches, in nats: twice the expected error. */
function uncertainty({ noise = 0 }: MeasuredLayer, { batches }: Measurements): number {
  return (2 * noise * noise) / batches;
}

/** Whether the averages make loss or accuracy worse; undefined if the net has neither output. */
function harmDone({ scores: { batch, global }, accuracies }: Measurements): boolean | undefined {
  const lost = [...accuracies].some((name) => !((global.outputs[name] ?? 0) >= (batch.outputs[name] ?? 0) - 0.01));
  if (batch.loss !== undefined && global.loss !== undefined) return lost || !(global.loss <= 1.1 * batch.loss + 0.01);
  return accuracies.size > 0 ? lost : undefined;
}

function hardCoded(measured: Measurements, frozen: readonly NormLayer[], affected: readonly MeasuredLayer[]): Cause[] {
  const unfit = measured.test.filter(({ useGlobalStats }) => useGlobalStats === false);
  const causes: Cause[] = [];
  if (affected.length > 0) {
    const norm = frozen.find(({ name }) => name === affected[0]?.name);
    const empty = affected.filter(isEmpty);
    causes.push({
      kind: "hard-coded",
      title: "use_global_stats: true in phase TRAIN: training never moves the averages",
      layers: affected.map(({ name }) => name),
      evidence: [
        `${where(norm)}use_global_stats: true, in ${counted(frozen.length, "BatchNorm layer")} that training has`,
        ...(empty.length > 0
          ? [`${namesOf(empty)}: the blobs are as they began, the factor is ${empty[0]?.factor}`]
          : []),
        ...divergenceOf(affected.filter((layer) => !isEmpty(layer))),
      ],
      remedy:
        "Take use_global_stats out, so that TRAIN normalizes by the batch and TEST by the averages, and train again; if the " +
        "weights were trained with batch statistics, moka calibrate alone puts the averages right.",
    });
  }
  if (unfit.length > 0) {
    causes.push({
      kind: "hard-coded",
      title: "use_global_stats: false in phase TEST: what a net says of an image depends on the others of its batch",
      layers: unfit.map(({ name }) => name),
      evidence: [
        `${where(unfit[0])}use_global_stats: false, in ${counted(unfit.length, "BatchNorm layer")} that testing has`,
        "with a batch of 1 such a layer sees one image's own statistics",
      ],
      remedy: "Take use_global_stats out: left to the phase it is true in TEST.",
    });
  }
  return causes;
}

/** The place of a layer's `use_global_stats`, as `train_val.prototxt:12:3: `; empty if it is not known. */
function where(norm: NormLayer | undefined): string {
  const param = norm?.message.batchNormParam;
  const place = (param && placeOf(param, "use_global_stats")) ?? (norm && sourceOf(norm.message)?.place);
  return place ? `${formatPlace(place)}: ` : "";
}

function emptyBlobs(layers: readonly MeasuredLayer[]): Cause[] {
  if (layers.length === 0) return [];
  const factors = [...new Set(layers.map(({ factor }) => formatNumber(factor)))].join(", ");
  return [
    {
      kind: "empty",
      title: "empty blobs: there are no averages to normalize by",
      layers: layers.map(({ name }) => name),
      evidence: [
        `${namesOf(layers)}: factor ${factors}${layers.some(({ factor }) => factor !== 0) ? ", but all variances 0" : ""}`,
        "mean and variance count as 0 then, and what comes in is multiplied by 1/√eps, about 316 for eps 1e-5",
      ],
      remedy:
        "Look whether the weights have these layers, by name (moka stats); if they do, and only the averages are lost, " +
        "moka calibrate measures them anew.",
    },
  ];
}

function tinyBatches({ layers, batchSize, trainBatchSize = batchSize }: Measurements): Cause[] {
  const scale = Math.sqrt(batchSize / trainBatchSize);
  const found = layers
    .map((layer) => {
      const m = (layer.m * trainBatchSize) / batchSize;
      return { layer, m, noise: layer.noise === undefined ? 1 / Math.sqrt(m) : layer.noise * scale };
    })
    .filter(({ noise }) => noise > noisy);
  const [worst] = [...found].sort((a, b) => b.noise - a.noise);
  if (!worst) return [];
  const { layer, m, noise } = worst;
  const whose = trainBatchSize === batchSize ? "these batches" : "the batches of TRAIN";
  return [
    {
      kind: "tiny batches",
      title: `tiny batches: statistics of ${counted(trainBatchSize, "image")} are noise`,
      layers: found.map((each) => each.layer.name),
      evidence: [
        `${whose} have ${counted(trainBatchSize, "image")}, ${layer.name} ${counted(Math.round(m), "value")} a channel (m)`,
        `the mean of a batch varies there by ${formatNumber(noise, 2)} σ from one to the next` +
          (scale === 1 ? "" : `, reckoned from batches of ${batchSize}`),
      ],
      remedy:
        "Train with a larger batch_size (iter_size does not help: each small batch is still normalized by itself), or " +
        "finetune with use_global_stats: true and lr_mult as it is, once moka calibrate has measured good averages.",
    },
  ];
}

function wrongAverages({ layers, scores, phase }: Measurements, off: readonly MeasuredLayer[]): Cause[] {
  const [first] = off;
  if (!first) return [];
  const growing = off.filter(isYoung);
  const harm = harmOf(scores);
  // A slow average is wrong at all layers, and most at the deepest. Data of another domain are seen at the first layer only:
  // the layers after it get normalized values.
  const isAlone = off.slice(1).every(({ divergence }) => divergence < first.divergence / 2) && layers.length > 1;
  const isDomain = first.name === layers[0]?.name && (growing.length === 0 || isAlone);
  const common = { layers: off.map(({ name }) => name) };
  if (isDomain) {
    return [
      {
        ...common,
        kind: "other domain",
        title: "statistics of another domain: these data are not like those the averages were made from",
        evidence: [
          ...divergenceOf(off),
          `already at ${first.name}, the first BatchNorm, whose input the averages of others cannot have moved`,
          growing.length === 0
            ? `its factor is ${first.reading.text}; the average has nothing left to forget`
            : "the layers behind it, normalized by the batch so far, fit far better",
          ...harm,
        ],
        remedy: `${domainRemedy[phase]} moka calibrate fits the averages to them.`,
      },
    ];
  }
  const [slowest = first] = [...growing].sort((a, b) => (a.reading.updates ?? 0) - (b.reading.updates ?? 0));
  return [
    {
      ...common,
      kind: "slow average",
      title:
        growing.length > 0
          ? "the average is too slow: it still holds how training began"
          : "the average is too slow: the weights have moved on since",
      evidence: [
        ...divergenceOf(off),
        growing.length > 0
          ? `${slowest.name} has a factor of ${slowest.reading.text}, where the average forgets only in several times 1/(1 − moving_average_fraction)`
          : `${layers[0]?.name} still fits, so it is not the data: the layers between were changed faster than the averages follow`,
        ...harm,
      ],
      remedy:
        "Set batch_norm_param.moving_average_fraction lower (0.99 or 0.9 for short trainings), or train longer, the end with a " +
        "small learning rate; moka calibrate puts the averages of these weights right at once.",
    },
  ];
}

const domainRemedy = {
  TEST:
    "Look whether the data are scaled, centered and ordered (BGR or RGB) as in training; run again on TRAIN's data: if the " +
    "gap is not there, it is the data. If they are meant to be others,",
  TRAIN:
    "These are the data to train on, so the averages came with the weights from others, or training had them scaled or " +
    "centered otherwise; if they are right as they are,",
} as const;

/** Whether the first updates still count in a layer's average. */
function isYoung({ reading, factor, fraction }: MeasuredLayer): boolean {
  return reading.state === "growing" && factor * (1 - fraction) < settled;
}

function harmOf({ batch, global }: Measurements["scores"]): string[] {
  const lines = Object.keys(global.outputs).map(
    (name) =>
      `${name} ${formatNumber(batch.outputs[name] ?? Number.NaN, 4)} with batch statistics, ${formatNumber(global.outputs[name] ?? Number.NaN, 4)} with the averages`,
  );
  return lines.length > 0 ? [lines.join("; ")] : [];
}

function divergenceOf(layers: readonly MeasuredLayer[]): string[] {
  const [worst] = [...layers].sort((a, b) => b.divergence - a.divergence);
  if (!worst) return [];
  const { name, divergence, worstChannel, worstDivergence } = worst;
  return [
    `the data differ from the averages in ${namesOf(layers)}, most at ${name}: ${formatNumber(divergence, 3)} nats a channel, ` +
      `${formatNumber(worstDivergence, 3)} in channel ${worstChannel}`,
  ];
}

function namesOf(layers: readonly { readonly name: string }[]): string {
  return listed(
    layers.map(({ name }) => name),
    3,
  );
}
