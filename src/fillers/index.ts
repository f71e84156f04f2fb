import type { Fill } from "../core/catalog.js";
import { sourceOf } from "../proto/source.js";
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

/**
 * Fills a blob of this shape, with the same draws from `random` as Caffe.
 *
 * Throws at the filler's place: `MOKA_FIELD` for an unknown type, a parameter out of range, or `sparse` with a
 * filler other than gaussian; `MOKA_SHAPE` for a blob without values or of a shape that the filler cannot fill.
 */
export const fill: Fill = (filler, shape, values, random) => {
  const fillValues = fillers.get(filler.type);
  if (!fillValues) {
    throw new MokaError(
      "MOKA_FIELD",
      `unknown filler type "${filler.type}"; there are ${[...fillers.keys()].join(", ")}`,
      { place: sourceOf(filler)?.place },
    );
  }
  check(
    values.length === countOf(shape),
    "MOKA_USAGE",
    `${values.length} values to fill for a blob of shape ${formatShape(shape)}`,
  );
  checkFiller(filler, values.length > 0, "MOKA_SHAPE", `nothing to fill in a blob of shape ${formatShape(shape)}`);
  checkFiller(
    filler,
    filler.sparse === -1 || fillValues === gaussian,
    "MOKA_FIELD",
    `sparse is ${filler.sparse}, but only the gaussian filler can be sparse`,
  );
  return fillValues(filler, shape, values, random);
};
