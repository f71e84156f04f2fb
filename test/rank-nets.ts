// One net trained by several ranks in this process, and the same net with all their batches, to compare the two.
import { expect } from "vitest";
import type { Communicator, Ranks } from "../src/core/communicator.js";
import type { Engine } from "../src/core/engine.js";
import type { Net } from "../src/core/net.js";
import { Random } from "../src/util/random.js";
import { localRanks } from "./local-ranks.js";
import { type NetSetup, netFromText } from "./nets.js";

export interface RankComparison {
  /** The net with this batch size, from Input layers on. */
  readonly text: (batch: number) => string;
  readonly engine: () => Engine | Promise<Engine>;
  readonly ranks?: number;
  /** The batch size of each rank. */
  readonly batch?: number;
  readonly setup?: Omit<NetSetup, "engine" | "ranks" | "random">;
  readonly iterations?: number;
  /** Changes each net before its first run. */
  readonly prepare?: (net: Net) => void;
  /** The largest relative error. */
  readonly tolerance: number;
}

/** Nets of `ranks` ranks with synchronized BatchNorm, each on an engine of its own. */
export async function rankNets(
  text: string,
  { engine, ranks = 2, setup = {} }: Pick<RankComparison, "engine" | "ranks" | "setup">,
  options: Partial<Ranks> = {},
  communicators: readonly Communicator[] = localRanks(ranks),
): Promise<readonly Net[]> {
  return Promise.all(
    communicators.map(async (communicator) => {
      const given = { communicator, syncBatchNorm: true, averagesOf: "all", ...options } as const;
      return netFromText(text, { seed: 5, ...setup, engine: await engine(), ranks: given });
    }),
  );
}

/** Forward and backward of several nets at once. */
export async function stepAll(nets: readonly Net[]): Promise<void> {
  await Promise.all(
    nets.map(async (net) => {
      net.clearParamDiffs();
      await net.runForward();
      await net.runBackward();
    }),
  );
}

/**
 * Expects of the ranks what one process with all batches makes: blobs, gradients of blobs (as many times larger as there are
 * ranks, because each rank's loss is over its own batch), the mean of the parameters' gradients, and equal averages.
 */
export async function expectEqualToOne(given: RankComparison): Promise<void> {
  const { text, engine, ranks = 2, batch = 3, setup = {}, iterations = 2, tolerance } = given;
  const nets = await rankNets(text(batch), given);
  const whole = await netFromText(text(ranks * batch), { seed: 5, ...setup, engine: await engine() });
  const random = new Random(7);
  for (const net of [...nets, whole]) given.prepare?.(net);
  for (let iteration = 0; iteration < iterations; iteration++) {
    for (const name of whole.inputs) {
      const all = whole.blobs.get(name)?.data ?? [];
      const values = new Float32Array(all.length);
      random.uniform(values, -1, 2);
      for (let i = 0; i < all.length; i++) all[i] = name === "label" ? i % 3 : values[i];
      const part = all.length / ranks;
      nets.forEach((net, rank) => {
        net.blobs.get(name)?.data.set(all.slice(rank * part, (rank + 1) * part));
      });
    }
    await stepAll([...nets, whole]);
    const names = setup.keep === "outputs" ? [...whole.inputs, ...whole.outputs] : [...whole.blobs.keys()];
    for (const name of names) {
      const blob = whole.blobs.get(name);
      const own = nets.map((net) => net.blobs.get(name));
      if (!blob) continue;
      const isLoss = blob.count === 1;
      const data = isLoss
        ? [own.reduce((sum, each) => sum + (each?.data[0] ?? Number.NaN) / ranks, 0)]
        : own.flatMap((each) => [...(each?.data ?? [])]);
      expectNear(data, blob.data, tolerance, `${name}, iteration ${iteration}`);
      if (isLoss || name === "label") continue;
      const diff = own.flatMap((each) => [...(each?.diff ?? [])].map((value) => value / ranks));
      expectNear(diff, blob.diff, tolerance, `gradient of ${name}, iteration ${iteration}`);
    }
    for (const [layer, blobs] of whole.params) {
      blobs.forEach((blob, index) => {
        const own = nets.map((net) => net.params.get(layer)?.[index]);
        const diff = Array.from(blob.diff, (_, i) =>
          own.reduce((sum, each) => sum + (each?.diff[i] ?? Number.NaN) / ranks, 0),
        );
        expectNear(diff, blob.diff, tolerance, `gradient of ${layer} ${index}, iteration ${iteration}`);
        for (const each of own) {
          expectNear(each?.data ?? [], blob.data, tolerance, `${layer} ${index}, iteration ${iteration}`);
          expect([...(each?.data ?? [])], `${layer} ${index} on all ranks`).toEqual([...(own[0]?.data ?? [])]);
        }
      });
    }
  }
  for (const net of [...nets, whole]) {
    await net.dispose();
    await net.engine.dispose();
  }
}

/** Gradients that are nothing but rounding are compared as if they had the norm 1. */
function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  let [distance, norm] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    distance += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  expect(Math.sqrt(distance) / Math.max(1, Math.sqrt(norm)), what).toBeLessThan(tolerance);
}
