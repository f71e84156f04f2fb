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
  /** The share of the sums that hides behind backward, from 0 to 1; undefined if there are no gradients. */
  readonly hidden: number | undefined;
  /** The messages with gradients, and their bytes. */
  readonly buckets: number;
  readonly bytes: number;
}

/** Measures the iterations of a net whose ranks sum their gradients. All ranks must call it. */
export async function timeOnRanks(
  net: Net,
  communicator: Communicator,
  waiting: WaitingTime,
  iterations: number,
): Promise<RankTimes> {
  const gradients = new RankGradients(net, communicator);
  const { buckets } = gradients;
  const pass = async (sums: boolean) => {
    await net.runForward();
    if (sums) gradients.expectLast();
    await net.runBackward();
    if (sums) await gradients.finish();
  };
  const timed = async (work: () => Promise<void>) => {
    const [times, waits]: [number[], number[]] = [[], []];
    await work(); // the first one compiles
    for (let i = 0; i < iterations; i++) {
      await communicator.barrier();
      const [start, waited] = [performance.now(), waiting.ms];
      await work();
      times.push(performance.now() - start);
      waits.push(waiting.ms - waited);
    }
    return { ms: median(times), waitedMs: median(waits) };
  };
  const compute = await timed(() => pass(false));
  const alone = await timed(() => gradients.finish());
  const together = await timed(() => pass(true));
  const exposed = Math.max(0, together.ms - compute.ms);
  return {
    computeMs: compute.ms,
    syncBatchNormMs: compute.waitedMs,
    gradientsMs: alone.ms,
    togetherMs: together.ms,
    hidden: buckets.length > 0 ? Math.max(0, 1 - exposed / alone.ms) : undefined,
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
