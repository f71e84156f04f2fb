import { readFileSync } from "node:fs";

/** What the reference recorded of a training run. */
export interface Trajectory {
  readonly iterations: number;
  /** Training loss of every iteration. */
  readonly loss: readonly number[];
  readonly logged_loss: readonly number[];
  readonly lr: readonly number[];
  readonly test: readonly { readonly iter: number; readonly outputs: Readonly<Record<string, number>> }[];
}

export function readTrajectory(folder: URL): Trajectory {
  return JSON.parse(readFileSync(new URL("trajectory.json", folder), "utf8"));
}
