import type { Communicator } from "../core/communicator.js";
import type { MokaError } from "../util/errors.js";

export interface MpiOptions {
  /**
   * Seconds after which a rank counts as lost: one that was not heard of for so long, or that did not make a call in which others
   * have waited for so long. The default is 300.
   */
  readonly timeout?: number | undefined;
}

/** What the reductions of a rank cost so far. */
export interface ReductionTimes {
  readonly calls: number;
  /** Bytes of the arrays, not of the messages that MPI makes of them. */
  readonly bytes: number;
  /** Seconds in which at least one reduction was in flight, from its call to the moment in which MPI had finished it. */
  readonly seconds: number;
}

/** The ranks that one launcher started, connected by MPI. */
export interface MpiCommunicator extends Communicator {
  /** The MPI library: `Open MPI 4.1.4 (libmpi.so.40)`. */
  readonly library: string;
  /** What `allReduce` cost since the ranks were connected. A reduction counts when it and all that began before it have ended. */
  readonly reductionTimes: ReductionTimes;
  /**
   * The failure that ends this training, if there is one. A launcher ends all ranks with a signal when one of them has died; this
   * looks for it, for at most half a second.
   */
  failure(): Promise<MokaError | undefined>;
  /** Waits for all ranks, and ends MPI. The communicator cannot be used any more. */
  close(): Promise<void>;
  /**
   * Ends the process at once, after what it has printed was written. Node's own end waits for its threads, and one of them may
   * hang in a call of MPI after a rank was lost.
   */
  exit(code: number): Promise<never>;
}
