import type { LayerGroup } from "../../core/layer-facts.js";
import { forkTypes, layers } from "../../layers/registry.js";

const groupOf = new Map<string, LayerGroup | undefined>([
  ...[...forkTypes].map(([type, { group }]) => [type, group] as const),
  ...layers.map(({ type, group }) => [type, group] as const),
]);

/** The group of a layer type. An unknown type whose name ends as that of a loss is a loss. */
export function layerGroup(type: string): LayerGroup {
  return groupOf.get(type) ?? (/loss/i.test(type) ? "loss" : "other");
}

/** The colors that fill and edge a layer's box. */
export const groupColours: Readonly<Record<LayerGroup, { readonly fill: string; readonly edge: string }>> = {
  data: { fill: "#e3ebf2", edge: "#7890a6" },
  vision: { fill: "#d6e6fa", edge: "#4a86c8" },
  detection: { fill: "#f7e7c6", edge: "#b98a2f" },
  segmentation: { fill: "#e9efc9", edge: "#8d9a3a" },
  recurrent: { fill: "#d3f0ee", edge: "#2d9a92" },
  common: { fill: "#e6defa", edge: "#8266c9" },
  activation: { fill: "#fde3d3", edge: "#d97b3d" },
  normalization: { fill: "#d9f0dc", edge: "#4d9e5b" },
  loss: { fill: "#fadadf", edge: "#c9506a" },
  other: { fill: "#f1f1ee", edge: "#95958c" },
};
