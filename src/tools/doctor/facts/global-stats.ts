import { placeOf, sourceOf } from "../../../proto/source.js";
import { formatPlace } from "../../../util/errors.js";
import { counted, listed } from "../../../util/words.js";
import type { NormLayer } from "../../batch-norm/norm-layers.js";
import type { Cause } from "../cause.js";
import { type Fit, isBlank, namesOf, type Subject } from "../subject.js";

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
