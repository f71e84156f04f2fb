import { Catalog, type LayerClass, type LayerConstructor } from "../core/catalog.js";
import type { ActivationKind, LayerGroup } from "../core/layer-facts.js";
import { fill } from "../fillers/index.js";
import { forksOfType, isFieldOfBvlc } from "../proto/dialects/index.js";
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

/**
 * The fork of Caffe that has a layer type which Moka does not have, in the genitive: `SSD's`; undefined if none is known. The forks'
 * protos tell it by the names of their fields, where no row does.
 */
export function forkOf(type: string): string | undefined {
  const [fork] = forksOfType(type);
  return forkTypes.get(type)?.fork ?? (fork && `a type of the fork ${fork.source.split(" ")[0]}`);
}

/**
 * The fork of Caffe that has a layer type of Moka's which BVLC's Caffe has not, in the genitive: `SSD's`; undefined for BVLC's types. As
 * for `forkOf`, the forks' protos tell it where no class does.
 */
export function originOf(type: string): string | undefined {
  const known = layers.find((each) => each.type === type);
  if (!known || Object.hasOwn(known, "fork")) return known?.fork;
  return isFieldOfBvlc(type) ? undefined : forkOf(type);
}

/** All layer types with Moka's fillers, and the user's own layers by type. */
export function createCatalog(own?: Readonly<Record<string, LayerConstructor>>): Catalog {
  return new Catalog(layers, fill, own, forkOf);
}
