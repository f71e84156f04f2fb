import type { FirstBad } from "../../batch-norm/first-bad.js";
import type { Cause } from "../cause.js";
import type { Subject } from "../subject.js";

/** Values that are no numbers, at the first layer that has them; where averages of 0 only overflow, that is no cause. */
export function notFinite(
  bad: { readonly global?: FirstBad; readonly batch?: FirstBad },
  { stored }: Subject,
): Cause[] {
  const [global, batch] = [bad.global, bad.batch].map((each) => (each?.kind === "not finite" ? each : undefined));
  const first = global ?? batch;
  if (!first) return [];
  const isSound = [...stored.values()].every(
    ({ mean, variance, factor }) =>
      factor >= 0 &&
      variance.every((value) => value >= 0 && value < Number.POSITIVE_INFINITY) &&
      mean.every(Number.isFinite),
  );
  if (!batch && isSound) return [];
  const text = `in batch ${first.batch}: ${first.text}`;
  // Where batch statistics give such values too, it is not the averages that make them.
  if (!batch) {
    return [
      {
        kind: "damaged",
        shown: true,
        title: `with the averages there are values that are no numbers, first at ${first.layer}`,
        layers: [first.layer],
        evidence: [text, "with batch statistics all values are finite"],
        against: [],
        remedy:
          "Look at the averages of this layer (moka stats): a negative variance, or one that is no number, was written by a tool or a " +
          "damaged file; moka calibrate measures them anew.",
      },
    ];
  }
  const isData = first.type === "Input";
  return [
    {
      kind: "not finite",
      shown: true,
      title: isData
        ? "the data have values that are no numbers"
        : `values that are no numbers, first at ${first.layer}`,
      layers: isData ? [] : [first.layer],
      evidence: [text, global ? "with batch statistics there are such values too" : "only with batch statistics"],
      against: [],
      remedy: isData
        ? "Look at the files and at transform_param."
        : "Look at the data and the weights in front of this layer (moka stats, moka lint --weights); weights that are no numbers come " +
          "from a training that has diverged.",
    },
  ];
}
