import { type Communicator, type Reduction, rankError } from "../src/core/communicator.js";
import type { FloatArray } from "../src/core/span.js";
import { reasonOf } from "../src/util/errors.js";

/** A call that all ranks make: what each gave, and the promises that wait for the others. */
interface Call {
  readonly what: string;
  readonly given: unknown[];
  readonly waiting: { resolve(): void; reject(error: unknown): void }[];
}

/**
 * Communicators of `size` ranks in this process: what MPI does, without it. Sums are in the order of the ranks, in double
 * precision, so that all get the same bits. Calls that do not match are an error, where MPI would hang or mix up values.
 */
export function localRanks(size: number): readonly Communicator[] {
  const calls: Call[] = [];
  const made = Array.from({ length: size }, () => 0);
  const names = Array.from({ length: size }, (_, rank) => `rank ${rank} of ${size}`);
  let failure: unknown;

  const meet = async <T>(rank: number, what: string, given: T, work: (all: readonly T[]) => void): Promise<void> => {
    if (failure !== undefined) throw failure;
    const index = made[rank]++;
    calls[index] ??= { what, given: [], waiting: [] };
    const call = calls[index];
    if (call.what !== what) throw new Error(`rank ${rank} calls ${what}, another rank ${call.what}`);
    call.given[rank] = given;
    const done = new Promise<void>((resolve, reject) => call.waiting.push({ resolve, reject }));
    if (call.waiting.length === size) {
      work(call.given as T[]);
      for (const { resolve } of call.waiting) resolve();
    }
    await done;
  };

  return names.map((_, rank) => {
    return {
      rank,
      size,
      names,
      allReduce: (values: FloatArray, reduction: Reduction = "sum") =>
        meet(rank, `allReduce ${reduction} ${values.length}`, values, (all) => {
          const combine = {
            sum: (a: number, b: number) => a + b,
            max: (a: number, b: number) => Math.max(a, b),
            min: (a: number, b: number) => Math.min(a, b),
          }[reduction];
          for (let i = 0; i < values.length; i++) {
            const result = all.map((each) => each[i]).reduce((a, b) => combine(a, b));
            for (const each of all) each[i] = result;
          }
        }),
      broadcast: (values, root = 0) =>
        meet(rank, `broadcast ${values.length} from ${root}`, values, (all) => {
          for (const each of all) if (each !== all[root]) each.set(all[root]);
        }),
      gather: async (bytes) => {
        const call = { bytes, gathered: [] as readonly Uint8Array[] };
        await meet(rank, "gather", call, (all) => {
          all[0].gathered = all.map((each) => each.bytes);
        });
        return call.gathered;
      },
      barrier: () => meet(rank, "barrier", undefined, () => {}),
      fail: async (error) => {
        failure ??= rankError(names[rank], reasonOf(error));
        for (const { waiting } of calls) for (const { reject } of waiting) reject(failure);
      },
    } satisfies Communicator;
  });
}
