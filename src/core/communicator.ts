import { MokaError } from "../util/errors.js";
import type { FloatArray } from "./span.js";

/** How the values of all ranks become one. */
export type Reduction = "sum" | "max" | "min";

/**
 * Connects the processes that train one net together, its ranks. All ranks must make the same calls in the same order; each
 * call begins at once, and others may begin before it ends. The arrays must not be read or written until its promise settles.
 *
 * If a rank fails, the calls of all others reject with the same `MOKA_RANK`, which names that rank, its host and the cause.
 */
export interface Communicator {
  /** The number of this process, from 0 to `size` − 1. */
  readonly rank: number;
  readonly size: number;
  /** What messages call each rank, by its number: `rank 2 of 4 (host a, process 345)`. */
  readonly names: readonly string[];
  /** Replaces `values` by those of all ranks, reduced value by value. All ranks get the same bits. */
  allReduce(values: FloatArray, reduction?: Reduction): Promise<void>;
  /** Replaces the values by those of rank `root`, by default 0. */
  broadcast(values: FloatArray | Uint8Array, root?: number): Promise<void>;
  /** On rank 0 the bytes that each rank gave, by rank; on the others nothing. */
  gather(bytes: Uint8Array): Promise<readonly Uint8Array[]>;
  /** Resolves when all ranks have called it. */
  barrier(): Promise<void>;
  /** Tells all other ranks that this one ends, and why. It may be called at any time, by one rank alone. */
  fail(error: unknown): Promise<void>;
}

/** One process by itself. */
export const alone: Communicator = {
  rank: 0,
  size: 1,
  names: ["rank 0 of 1"],
  allReduce: async () => {},
  broadcast: async () => {},
  gather: async (bytes) => [bytes],
  barrier: async () => {},
  fail: async () => {},
};

/** Whose BatchNorm averages a training tests with and saves, where each rank normalizes by its own batch. */
export type AveragesOf = "all" | "root";

/** The ranks that train a net together, and what BatchNorm does with them. */
export interface Ranks {
  readonly communicator: Communicator;
  /** Whether BatchNorm takes its statistics over the batches of all ranks, so that the net trains as one process would. */
  readonly syncBatchNorm: boolean;
  /** Without `syncBatchNorm`: `all` averages the statistics of all ranks; `root` keeps rank 0's alone, as Caffe does. */
  readonly averagesOf: AveragesOf;
}

/** A net that is trained, or run, by one process. */
export const oneRank: Ranks = { communicator: alone, syncBatchNorm: false, averagesOf: "all" };

/** The error of all ranks after one of them has failed. */
export function rankError(name: string, cause: string): MokaError {
  return new MokaError("MOKA_RANK", `${name} ended: ${cause}`);
}

/** What rank 0 makes, which must be plain JSON, on all ranks; the others make nothing. */
export async function fromRoot<T>(communicator: Communicator, make: () => Promise<T>): Promise<T> {
  const { rank, size } = communicator;
  if (size === 1) return make();
  const own = rank === 0 ? new TextEncoder().encode(JSON.stringify((await make()) ?? null)) : new Uint8Array(0);
  const length = Float64Array.of(own.length);
  await communicator.broadcast(length);
  const bytes = rank === 0 ? own : new Uint8Array(length[0] ?? 0);
  await communicator.broadcast(bytes);
  return (JSON.parse(new TextDecoder().decode(bytes)) as T | null) ?? (undefined as T);
}
