/** The caller's side of the port. */
import { startWorker } from "#worker";
import { check, MokaError } from "../../util/errors.js";
import { checkOptions } from "../../util/options.js";
import type { NetOptions } from "../net.js";
import type { NetSource, SolverSource } from "../read-text.js";
import type { SolverOptions } from "../solver.js";
import type { Functions } from "./host.js";
import { Net } from "./net.js";
import { type Loan, Peer } from "./peer.js";
import { close, type Port } from "./port.js";
import { type FunctionName, functionNames, type NetFacts, type SolverFacts, type TransferOptions } from "./protocol.js";
import { Solver } from "./solver.js";

/** Options that stay the same in a worker. Classes cannot be posted; see `serve`. A worker has lint, and uses it for each training. */
type Posted<Options> = Omit<Options, "layers" | "lint"> & TransferOptions;
export type WorkerNetOptions = Posted<NetOptions>;
export type WorkerSolverOptions = Posted<SolverOptions>;

/** Moka's functions, as they are called in a worker: the same, with promises. */
export type WorkerFunctions = {
  readonly [Name in FunctionName]: (
    ...args: Parameters<Functions[Name]>
  ) => Promise<Awaited<ReturnType<Functions[Name]>>>;
};

/** Moka in a worker; see `connect`. */
export interface WorkerMoka extends WorkerFunctions {
  readonly Net: { load(source: NetSource, options?: WorkerNetOptions): Promise<Net> };
  readonly Solver: { load(source: SolverSource, options?: WorkerSolverOptions): Promise<Solver> };
  /** Ends the worker, or closes the port. Waiting and later calls are rejected. */
  terminate(): void;
}

/**
 * Moka in the caller's own worker, which called `serve`, or at a port that is served. Without one, it starts a worker.
 *
 * ```ts
 * const moka = connect(new Worker(new URL("./my-worker.js", import.meta.url), { type: "module" }));
 * const net = await moka.Net.load("net.prototxt", { files });
 * ```
 *
 * @param port a `Worker` or a `MessagePort`, of a page or of Node
 */
export function connect(port: Port = startWorker()): WorkerMoka {
  return connectTo(port);
}

function connectTo(port: Port, onEnd: () => void = () => {}): WorkerMoka {
  const peer = new Peer(port, {
    messages: async () => (await import("./messages.js")).emptyMessage,
    onEnd,
  });
  const load = async <T>(
    method: "loadNet" | "loadSolver",
    source: unknown,
    given: WorkerNetOptions | WorkerSolverOptions,
    make: (facts: unknown, loan: Loan) => T,
  ): Promise<T> => {
    checkOptions(method === "loadNet" ? "Net.load" : "Solver.load", given);
    const { transfer, ...options } = given;
    check(
      !("layers" in options) || options.layers === undefined,
      "MOKA_USAGE",
      "layers of one's own cannot be posted to a worker: give them to serve({ layers }) in a worker of your own",
    );
    const loan: Loan = new Set();
    try {
      return make(await peer.call(method, [source, options], { transfer, loan }), loan);
    } catch (error) {
      peer.takeBack(loan);
      throw error;
    }
  };
  const functions = functionNames.map((name) => [name, (...args: unknown[]) => peer.call(name, args)]);
  return {
    ...(Object.fromEntries(functions) as WorkerFunctions),
    Net: {
      load: (source, options = {}) =>
        load("loadNet", source, options, (facts, loan) => new Net(peer, facts as NetFacts, loan)),
    },
    Solver: {
      load: (source, options = {}) =>
        load("loadSolver", source, options, (facts, loan) => new Solver(peer, facts as SolverFacts, loan)),
    },
    terminate() {
      peer.sayBye();
      peer.end(new MokaError("MOKA_WORKER", "the worker was terminated"));
      close(port);
    },
  };
}

let started: WorkerMoka | undefined;

/** Moka in the shared worker, for callers that name none. It starts at its first use, and again after it has ended. */
export function sharedWorker(): WorkerMoka {
  started ??= connectTo(startWorker(), () => {
    started = undefined;
  });
  return started;
}

/** Ends the shared worker, if it runs. */
export function terminate(): void {
  started?.terminate();
}
