import { arrange } from "./arrange.js";
import { elementwise } from "./elementwise.js";
import type { Fold } from "./fold.js";
import { make } from "./make.js";
import { reduce } from "./reduce.js";

/** What can be computed of constants alone, by operator. */
export const folds: ReadonlyMap<string, Fold> = new Map(
  [make, arrange, elementwise, reduce].flatMap((rows) => Object.entries(rows)),
);
