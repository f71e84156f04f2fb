import type { Fill } from "../core/catalog.js";
import { placeOf } from "../proto/source.js";
import { didYouMean, meant } from "../util/closest.js";
import { check, MokaError } from "../util/errors.js";
import { countOf, formatShape } from "../util/shape.js";
import { bilinear } from "./bilinear.js";
import { checkFiller } from "./check.js";
import { constant } from "./constant.js";
import { gaussian } from "./gaussian.js";
import { msra } from "./msra.js";
import { positiveUnitball } from "./positive-unitball.js";
import { uniform } from "./uniform.js";
import { xavier } from "./xavier.js";

/** All fillers, by their `type` in the prototxt. */
const fillers: ReadonlyMap<string, Fill> = new Map([
  ["constant", constant],
  ["gaussian", gaussian],
  ["positive_unitball", positiveUnitball],
  ["uniform", uniform],
  ["xavier", xavier],
  ["msra", msra],
  ["bilinear", bilinear],
]);

/** The types of all fillers. */
export const fillerTypes: readonly string[] = [...fillers.keys()];

/**
 * Checks a filler for a blob of this shape, and returns the function that fills it, with the same draws from `random` as
 * Caffe.
 *
 * Throws at the filler's place: `MOKA_FIELD` for an unknown type, a parameter out of range, or `sparse` with a
 * filler other than gaussian; `MOKA_SHAPE` for a blob without values or of a shape that the filler cannot fill.
 */
export const fill: Fill = (filler, shape) => {
  const filling = fillers.get(filler.type);
  if (!filling) {
    throw new MokaError(
      "MOKA_FIELD",
      `unknown filler type "${filler.type}"; there are ${fillerTypes.join(", ")}${didYouMean(filler.type, fillerTypes)}`,
      { place: placeOf(filler, "type"), meant: meant(filler.type, fillerTypes) },
    );
  }
  const count = countOf(shape);
  checkFiller(filler, count > 0, "MOKA_SHAPE", `nothing to fill in a blob of shape ${formatShape(shape)}`);
  checkFiller(
    filler,
    filler.sparse === -1 || filling === gaussian,
    "MOKA_FIELD",
    `sparse is ${filler.sparse}, but only the gaussian filler can be sparse`,
    "sparse",
  );
  const fillValues = filling(filler, shape);
  return (values, random) => {
    const reason = `${values.length} values to fill for a blob of shape ${formatShape(shape)}`;
    check(values.length === count, "MOKA_USAGE", reason);
    return fillValues(values, random);
  };
};
