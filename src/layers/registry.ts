import type { LayerClass } from "../core/catalog.js";
import type { ActivationKind, LayerGroup } from "../core/layer-facts.js";
import * as rows from "./index.js";

const { forkRows, ...classes } = rows;

/** All layer types, by name. */
export const layers = Object.values(classes).sort((a, b) => (a.type < b.type ? -1 : 1)) satisfies LayerClass[];

/** A layer type of a fork of Caffe that Moka does not have. */
export interface ForkType {
  /** The fork that has it, in the genitive: `SSD's`. */
  readonly fork: string | undefined;
  readonly group: LayerGroup | undefined;
  readonly activation?: ActivationKind;
}

/** Layer types of well-known forks of Caffe. */
export const forkTypes: ReadonlyMap<string, ForkType> = new Map(
  forkRows.flatMap(([fork, group, types, activation]) =>
    types.split(" ").map((type): [string, ForkType] => [type, { fork, group, ...(activation && { activation }) }]),
  ),
);
