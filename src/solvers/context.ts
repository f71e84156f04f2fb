import type { Ranks } from "../core/communicator.js";
import type { Engine } from "../core/engine.js";
import type { Net } from "../core/net.js";
import type { NetParameter, NetState, SolverState } from "../proto/gen/caffe_pb.js";
import type { ErrorFinding } from "../util/errors.js";
import type { Files } from "../util/files.js";
import type { Log } from "../util/log.js";
import type { Random } from "../util/random.js";

/** What a solver needs from its environment. */
export interface SolverContext {
  readonly log: Log;
  /** The engine of all nets of this solver; it is disposed of with the solver. */
  readonly engine: Engine;
  /** Reads and upgrades a net that the solver names. */
  readNet(path: string): Promise<NetParameter>;
  /** Builds a net on that engine. */
  buildNet(message: NetParameter, state: NetState, options: { backward: boolean }): Promise<Net>;
  /**
   * What lint finds in the solver, its nets, and the weights of `net` as they are, that can have made a loss by now that is not
   * finite: the most likely first; undefined if it could not look.
   */
  readonly causes?:
    | ((
        net: Net,
        at: { readonly iter: number; readonly updates: number },
      ) => Promise<readonly ErrorFinding[] | undefined>)
    | undefined;
  readonly states: StateFiles;
  readonly files: Files;
  /** The generator that all layers of its nets share. */
  readonly random: Random;
  /** The seed that was given, by an option or the solver; undefined if it was drawn. */
  readonly seed?: number | undefined;
  /** Other options that must be the same on all ranks, as plain JSON. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** The processes that train together. Default: this one alone. */
  readonly ranks?: Ranks | undefined;
  /** When a file was last written to, in ms since 1970; undefined if that is not known. */
  modifiedAt(path: string): Promise<number | undefined>;
}

/** Reads and writes solver states, and checks whether a file can be written. */
interface StateFiles {
  read(path: string): Promise<SolverState>;
  write(path: string, state: SolverState): Promise<void>;
  /** Throws unless a file of this name can be written. No file is left there. */
  probe(path: string): Promise<void>;
}
