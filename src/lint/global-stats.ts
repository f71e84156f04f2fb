import { writtenGlobalStats } from "../layers/normalization/batch-norm-param.js";
import type { LintLayer } from "./layer.js";
import type { Location } from "./location.js";
import type { LintNet } from "./net.js";
import type { Fix } from "./rule.js";
import type { View } from "./view.js";

/** A BatchNorm whose `use_global_stats` is given in the text, with the views that contain the layer. */
export interface WrittenStats {
  readonly layer: LintLayer;
  readonly value: boolean;
  readonly train: readonly View[];
  readonly test: readonly View[];
  readonly at: Location;
}

export function writtenStats({ layers, views }: LintNet): readonly WrittenStats[] {
  return layers.flatMap((layer) => {
    const value = layer.type === "BatchNorm" ? writtenGlobalStats(layer.message) : undefined;
    if (value === undefined) return [];
    const seenIn = (phase: View["phase"]) => views.filter((view) => view.phase === phase && view.has(layer));
    const at = layer.at("batch_norm_param", "use_global_stats");
    return [{ layer, value, train: seenIn("TRAIN"), test: seenIn("TEST"), at }];
  });
}

/** Removes `use_global_stats`; the phase then decides: the batch's statistics in TRAIN, the averages in TEST. */
export function removeGlobalStats({ edit }: LintNet, layer: LintLayer): Fix | undefined {
  const fields = layer.fields("batch_norm_param", "use_global_stats");
  if (fields.length === 0) return undefined;
  return { edits: fields.flatMap((field) => edit.remove(field, ...layer.owners(field))) };
}
