import type { Communicator } from "../core/communicator.js";
import type { Net } from "../core/net.js";
import { RankGradients } from "../solvers/rank-gradients.js";

/** Milliseconds of one iteration on several ranks, each the median of some iterations; rank 0's. */
export interface RankTimes {
  /** Forward and backward, without the sums of gradients. */
  readonly computeMs: number;
  /** The part of it that is spent waiting for sums of BatchNorm over all ranks. */
  readonly syncBatchNormMs: number;
  /** The sums of all gradients alone, while nothing is computed. */
  readonly gradientsMs: number;
  /** Forward, and backward with the sums of gradients. */
  readonly togetherMs: number;
  /** What of the sums is left when backward has ended. It includes the wait for ranks that end backward later. */
  readonly leftMs: number;
  /** The share of the sums that hides behind backward, 1 − left/alone, from 0 to 1; undefined if there are no gradients. */
  readonly hidden: number | undefined;
  /** The messages with gradients, and their bytes. */
  readonly buckets: number;
  readonly bytes: number;
}

/**
 * Measures the iterations of a net whose ranks sum their gradients, in turns without the sums, the sums alone, and both together.
 * All ranks must call it.
 */
export async function timeOnRanks(
  net: Net,
  communicator: Communicator,
  waiting: WaitingTime,
  iterations: number,
): Promise<RankTimes> {
  const gradients = new RankGradients(net, communicator);
  const { buckets } = gradients;
  const timed = async (work: () => Promise<void>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const pass = async (isSummed: boolean) => {
    await net.runForward();
    if (isSummed) gradients.expectLast();
    await net.runBackward();
  };
  const rounds: Record<"compute" | "sync" | "alone" | "together" | "left", number>[] = [];
  // The first round compiles.
  for (let i = 0; i <= iterations; i++) {
    await communicator.barrier();
    const before = waiting.ms;
    const compute = await timed(() => pass(false));
    const sync = waiting.ms - before;
    await communicator.barrier();
    const alone = await timed(() => gradients.finish());
    await communicator.barrier();
    let left = 0;
    const together = await timed(async () => {
      await pass(true);
      left = await timed(() => gradients.finish());
    });
    if (i > 0) rounds.push({ compute, sync, alone, together, left });
  }
  const of = (name: keyof (typeof rounds)[number]) => median(rounds.map((round) => round[name]));
  return {
    computeMs: of("compute"),
    syncBatchNormMs: of("sync"),
    gradientsMs: of("alone"),
    togetherMs: of("together"),
    leftMs: of("left"),
    hidden: buckets.length > 0 ? Math.max(0, 1 - of("left") / of("alone")) : undefined,
    buckets: buckets.length,
    bytes: buckets.reduce((sum, bucket) => sum + bucket.bytes, 0),
  };
}

/** The time in which sums were waited for. */
export interface WaitingTime {
  readonly ms: number;
}

/** A communicator that does the same, and counts the milliseconds in which its sums were under way. */
export function counted(communicator: Communicator): {
  readonly communicator: Communicator;
  readonly waiting: WaitingTime;
} {
  const waiting = { ms: 0 };
  const allReduce: Communicator["allReduce"] = async (values, reduction) => {
    const start = performance.now();
    await communicator.allReduce(values, reduction);
    waiting.ms += performance.now() - start;
  };
  return { communicator: { ...communicator, allReduce }, waiting };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
