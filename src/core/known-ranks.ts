import { check } from "../util/errors.js";

/** What is said of the processes that train a net, to a tool that looks at it by itself. */
export interface KnownRanksOptions {
  /** The number of ranks that train it together, each with its own `batch_size` images: as `mpirun -n`. Default 1. */
  readonly ranks?: number | undefined;
  /**
   * Whether BatchNorm takes its statistics over the batches of all ranks, as with `moka train --sync-bn`. Default false: each rank
   * normalizes by its own batch, as in Caffe.
   */
  readonly syncBatchNorm?: boolean | undefined;
}

/** The ranks that train a net, as a tool knows them. */
export interface KnownRanks {
  readonly count: number;
  /** Whether the batches of all of them make the statistics of one. */
  readonly isSync: boolean;
}

export const knownAlone: KnownRanks = { count: 1, isSync: false };

/** @throws MokaError `MOKA_USAGE` for a number of ranks that is none, and for `syncBatchNorm` without several ranks */
export function knownRanks({ ranks, syncBatchNorm = false }: KnownRanksOptions): KnownRanks {
  const count = ranks ?? 1;
  check(Number.isSafeInteger(count) && count > 0, "MOKA_USAGE", `ranks must be 1 or more, not ${count}`);
  check(
    typeof syncBatchNorm === "boolean",
    "MOKA_USAGE",
    `syncBatchNorm must be true or false, not ${String(syncBatchNorm)}`,
  );
  check(
    !syncBatchNorm || ranks !== undefined,
    "MOKA_USAGE",
    "syncBatchNorm (--sync-bn) is for several ranks: give their number too, as ranks (--ranks)",
  );
  return { count, isSync: syncBatchNorm && count > 1 };
}

/** The number of ranks whose batches make one statistic. */
export function ranksOfStatistics({ count, isSync }: KnownRanks): number {
  return isSync ? count : 1;
}
