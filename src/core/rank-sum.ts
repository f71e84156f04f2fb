import type { Communicator } from "./communicator.js";
import type { HostStep, Step } from "./program.js";

/** Values that a step sums over all ranks, in double precision. */
export interface RankSum {
  readonly count: number;
  /** Writes this rank's values. */
  write(message: Float64Array): void;
  /** Takes the sums over all ranks. */
  read(message: Float64Array): void;
}

/** A step that sums values over all ranks. */
export interface RankSumStep extends HostStep {
  readonly communicator: Communicator;
  readonly sums: readonly RankSum[];
}

/** A step with one message for all of these sums. */
export function rankSumStep(
  communicator: Communicator,
  sums: readonly RankSum[],
  { layer, reads, writes }: Pick<HostStep, "layer" | "reads" | "writes">,
): RankSumStep {
  const message = new Float64Array(sums.reduce((count, sum) => count + sum.count, 0));
  let end = 0;
  const parts = sums.map((sum) => {
    const part = message.subarray(end, end + sum.count);
    end += sum.count;
    return { sum, part };
  });
  const run = async () => {
    for (const { sum, part } of parts) sum.write(part);
    await communicator.allReduce(message);
    for (const { sum, part } of parts) sum.read(part);
  };
  return { kind: "host", label: "sum over ranks", layer, reads, writes, run, communicator, sums };
}

export function isRankSum(step: Step): step is RankSumStep {
  return "sums" in step;
}
