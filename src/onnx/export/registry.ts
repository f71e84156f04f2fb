import type { Layer } from "../../core/layer.js";
import * as rows from "./index.js";
import type { Mapping } from "./mapping.js";

/** All mappings. */
export const mappings: readonly Mapping[] = Object.values(rows);

const byClass = new Map<unknown, Mapping>(mappings.flatMap((each) => each.of.map((of) => [of, each] as const)));

/** The mapping of a layer's class; undefined for a class that has none, as a user's own. */
export function mappingOf(layer: Layer): Mapping | undefined {
  return byClass.get(layer.constructor);
}
