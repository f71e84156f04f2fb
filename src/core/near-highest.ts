import type { Node } from "./backward-plan.js";

/** A loss above half of the most that it can be: most labels have a probability of 0. */
export interface NearHighest {
  /** The name of its top. */
  readonly name: string;
  readonly value: number;
  readonly highest: number;
}

/** The loss that a layer has just computed, if it is near its highest. */
export function nearHighest({ layer, bottom, top }: Pick<Node, "layer" | "bottom" | "top">): NearHighest | undefined {
  const highest = layer.highestLoss(bottom.map(({ shape }) => shape)) ?? 0;
  const [loss] = top;
  if (highest === 0 || !loss?.blob.hasData) return undefined;
  const value = loss.data.array[0] ?? 0;
  return value >= highest / 2 ? { name: loss.name, value, highest } : undefined;
}
