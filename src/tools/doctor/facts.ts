import { placeOf, sourceOf } from "../../proto/source.js";
import { formatPlace } from "../../util/errors.js";
import { formatNumber } from "../../util/number-format.js";
import { counted, listed } from "../../util/words.js";
import type { FirstBad } from "../batch-norm/first-bad.js";
import type { NormLayer } from "../batch-norm/norm-layers.js";
import type { Cause } from "./cause.js";
import { blobsOf } from "./lab.js";
import { type Fit, isBlank, namesOf, offOf, type Subject, worstOf } from "./subject.js";
import { segmentBefore } from "./variants.js";

// What the net, its weights and one run show without an experiment.

/** Values that are no numbers, at the first layer that has them; where averages of 0 only overflow, that is no cause. */
export function notFinite(
  bad: { readonly global?: FirstBad; readonly batch?: FirstBad },
  { norms, stored }: Subject,
): Cause[] {
  const [global, batch] = [bad.global, bad.batch].map((each) => (each?.kind === "not finite" ? each : undefined));
  const first = global ?? batch;
  if (!first) return [];
  const isNorm = norms.some(({ name }) => name === first.layer);
  const isSound = [...stored.values()].every(
    ({ mean, variance, factor }) =>
      factor >= 0 &&
      variance.every((value) => value >= 0 && value < Number.POSITIVE_INFINITY) &&
      mean.every(Number.isFinite),
  );
  if (!batch && isSound) return [];
  const beside = batch
    ? "with batch statistics there are such values too"
    : "with batch statistics all values are finite";
  return [
    {
      kind: "not finite",
      shown: true,
      title: `values that are no numbers, first at ${first.layer}`,
      layers: [first.layer],
      evidence: [`in batch ${first.batch}: ${first.text}`, ...(global ? [beside] : ["only with batch statistics"])],
      against: [],
      remedy:
        isNorm && !batch
          ? "Look at the averages of this layer (moka stats): a negative variance, or one that is no number, was written by a " +
            "tool or a damaged file; moka calibrate measures them anew."
          : "Look at the data and the weights in front of this layer (moka stats, moka lint --weights); weights that are no " +
            "numbers come from a training that has diverged.",
    },
  ];
}

/**
 * Layers that the weights leave as fillers made them. A filler that makes the same values each time may be meant; it is shown to
 * be a cause where averages behind do not fit. BatchNorm layers are in `emptyAverages`.
 */
export function unfilledLayers({ gap, unfilled, graph }: Subject, all: readonly Fit[]): Cause[] {
  const behind = offOf(all).map(({ norm }) => segmentBefore(graph, norm.message));
  const random = new Set(gap.left.map(({ layer }) => layer.name));
  const left = unfilled.filter(
    (layer) =>
      layer.type !== "BatchNorm" && (random.has(layer.name) || behind.some((segment) => segment.includes(layer))),
  );
  if (left.length === 0) return [];
  const names = left.map(({ name }) => name);
  const meant = gap.left.flatMap(({ layer, meant: name }) =>
    name && names.includes(layer.name) ? [`"${name}" of the weights fits ${layer.name}`] : [],
  );
  return [
    {
      kind: "unfilled",
      shown: true,
      title: `no weights for ${listed(names, 3)}: what the filler made is still there`,
      layers: names,
      evidence: [
        `the weights have no blobs for ${listed(
          left.map(({ name, type }) => `"${name}" (${type})`),
          6,
        )}`,
        ...meant,
        ...untakenLine(gap),
      ],
      against: [],
      remedy:
        "Give the layers the names that the weights have, or the weights of these layers. Nothing else can be judged before that; " +
        "calibrating only fits averages to random weights.",
    },
  ];
}

/**
 * Scale layers that let nothing through. It is shown where all images come out the same, or where the averages behind are of
 * values that the Scale let through.
 */
export function zeroScales({ norms, largestScales, given, graph }: Subject, all: readonly Fit[]): Cause[] {
  const zero = norms.flatMap((norm) =>
    norm.scale && largestScales.get(norm.scale.name) === 0 ? [{ norm, scale: norm.scale }] : [],
  );
  if (zero.length === 0) return [];
  const names = zero.map(({ scale }) => scale.name);
  const still = norms.filter(({ name }) => {
    const variance = given.batch.norms.get(name)?.variance;
    return variance !== undefined && Array.from(variance).every((value) => value < 1e-12);
  });
  const behind = offOf(all).filter(({ norm }) => {
    const segment = segmentBefore(graph, norm.message);
    return zero.some((each) => segment.includes(each.scale));
  });
  const ownFits = zero.every(({ norm }) => all.some((fit) => fit.norm === norm && !fit.isOff));
  const { predictions } = given.batch;
  const saysOne = predictions !== undefined && saysOneClass(predictions.table, predictions.classes);
  // In a residual net the branch with γ = 0 only adds nothing; some trainings begin so.
  const isResidual = zero.every(({ scale }) =>
    graph.readers(scale).some(({ layer }) => graph.messageOf(layer).type === "Eltwise"),
  );
  return [
    {
      kind: "zero-scale",
      shown: still.length > 0 || saysOne || (behind.length > 0 && ownFits),
      title: `γ is 0 throughout in ${listed(names, 3)}`,
      layers: names,
      evidence: [
        `all γ of ${listed(names, 3)} are 0: what comes out is β, whatever goes in`,
        ...(still.length > 0
          ? [
              `what reaches ${listed(
                still.map(({ name }) => name),
                3,
              )} is the same for all images`,
            ]
          : []),
        ...(saysOne ? ["the net says the same class for all images"] : []),
        ...(behind.length > 0 && ownFits
          ? [`the averages just in front fit, and those of ${listed(namesOf(behind), 3)}, just behind, do not`]
          : []),
      ],
      against: isResidual
        ? ["each is added to a shortcut, which goes on without it; some trainings begin with γ = 0"]
        : [],
      remedy:
        "Look at what set these blobs to 0 (a filler, a tool, weight decay). Calibrating changes nothing here; train again, or take the " +
        "Scale's weights from an earlier snapshot.",
    },
  ];
}

function saysOneClass(table: Float64Array, classes: number): boolean {
  const said = new Set<number>();
  table.forEach((value, at) => {
    if (value > 0) said.add(at % classes);
  });
  return said.size === 1;
}

function untakenLine({ untaken }: Subject["gap"]): string[] {
  if (untaken.length === 0) return [];
  const names = untaken.map((name) => `"${name}"`);
  return [`no layer of the net takes ${listed(names, 3)} of the weights`];
}

/** BatchNorm layers whose blobs hold nothing, tried with averages measured on the data. */
export async function emptyAverages(subject: Subject): Promise<Cause[]> {
  const { norms, stored, training, given, lab, judge, gap } = subject;
  const empty = norms.filter(({ name }) => {
    const blobs = stored.get(name);
    return blobs && isBlank(blobs);
  });
  if (empty.length === 0) return [];
  const side = training ?? given;
  const names = empty.map(({ name }) => name);
  const measured = new Map(
    names.flatMap((name) => {
      const own = side.batch.norms.get(name);
      return own ? [[name, blobsOf(own)] as const] : [];
    }),
  );
  const { scores } = await lab.score(given.set, measured);
  const isScored = Object.keys(scores.outputs).length > 0;
  const missing = gap.left.filter(({ layer }) => names.includes(layer.name));
  return [
    {
      kind: "empty",
      shown: true,
      title: "there are no averages to normalize by",
      layers: names,
      evidence: [
        `the blobs of ${listed(names, 3)} are 0`,
        ...missing.slice(0, 3).map(({ layer, meant }) => {
          const fits = meant === undefined ? "" : `; their "${meant}" fits it`;
          return `the weights have no blobs for "${layer.name}"${fits}`;
        }),
        ...untakenLine(gap),
        `mean and variance count as 0 then, and what comes in is multiplied by 1/√eps, which is ${formatNumber(1 / Math.sqrt(empty[0]?.eps ?? 0), 3)} in ${names[0]}`,
        ...(isScored
          ? [
              `with averages measured on these data: ${judge.text(scores)}; as it is: ${judge.text(given.averages.scores)}`,
            ]
          : []),
      ],
      against: [],
      remedy:
        "Look whether the weights have these averages under another name (a BatchNorm with one name in TRAIN and another in TEST " +
        "is never trained); if only they are lost, moka calibrate measures them anew.",
    },
  ];
}

/** `use_global_stats: true` in the text of TRAIN, with averages that are empty or do not fit. */
export function frozenInTraining({ trainNorms, trains, stored }: Subject, off: readonly Fit[]): Cause[] {
  const frozen = trains ? trainNorms.filter(({ useGlobalStats }) => useGlobalStats === true) : [];
  const wrong = new Set(namesOf(off));
  const affected = frozen.filter(({ name }) => {
    const blobs = stored.get(name);
    return wrong.has(name) || (blobs && isBlank(blobs));
  });
  if (affected.length === 0) return [];
  return [
    {
      kind: "hard-coded",
      shown: true,
      title: "use_global_stats: true in phase TRAIN: training never moves the averages",
      layers: affected.map(({ name }) => name),
      evidence: [
        `${where(frozen[0])}use_global_stats: true, in ${counted(frozen.length, "BatchNorm layer")} of TRAIN`,
        off.length > 0
          ? `the averages of ${listed(namesOf(off), 3)} do not fit what reaches them`
          : "the averages are as they began, 0",
      ],
      against: [],
      remedy:
        "Take use_global_stats out, so that TRAIN normalizes by the batch and TEST by the averages, and train again; if the " +
        "weights were trained with batch statistics, moka calibrate alone puts the averages right.",
    },
  ];
}

/** `use_global_stats: false` in the text of TEST. */
export function freeInTest({ norms }: Subject): Cause[] {
  const free = norms.filter(({ useGlobalStats }) => useGlobalStats === false);
  if (free.length === 0) return [];
  return [
    {
      kind: "hard-coded",
      shown: true,
      title: "use_global_stats: false in phase TEST: what a net says of an image depends on the others of its batch",
      layers: free.map(({ name }) => name),
      evidence: [
        `${where(free[0])}use_global_stats: false, in ${counted(free.length, "BatchNorm layer")} of TEST`,
        "with a batch of 1 such a layer sees one image's own statistics",
      ],
      against: [],
      remedy: "Take use_global_stats out: left to the phase it is true in TEST.",
    },
  ];
}

/** The place of a layer's `use_global_stats`, as `train_val.prototxt:12:3: `; empty if it is not known. */
function where(norm: NormLayer | undefined): string {
  const param = norm?.message.batchNormParam;
  const place = (param && placeOf(param, "use_global_stats")) ?? (norm && sourceOf(norm.message)?.place);
  return place ? `${formatPlace(place)}: ` : "";
}

/** The number of images from which on the statistics of given data say something about averages. */
export function imagesNeeded({ given }: Subject): number {
  const noise = Math.max(0, ...[...given.batch.norms.values()].map(({ imageNoise }) => imageNoise));
  return Math.max(16, Math.ceil(20 * noise * noise));
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
