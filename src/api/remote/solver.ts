import type { SolverEvent, SolverRunOptions } from "../../solvers/run.js";
import type { Solver as CoreSolver, SolverAction } from "../../solvers/solver.js";
import type { Listener, SolverEvents } from "../../solvers/solver-base.js";
import { ResourceOwner } from "../../util/resource-owner.js";
import { Handle, Net } from "./net.js";
import type { Loan, Peer } from "./peer.js";
import type { Change, SolverFacts, SolverState } from "./protocol.js";

/**
 * A solver in a worker: the methods of a solver. `iter`, `lr`, `loss`, `smoothedLoss` and `stopped` are those of the last
 * answer or event; `state()` asks for them.
 */
export class Solver extends ResourceOwner implements SolverState {
  readonly net: Net;
  readonly testNets: readonly Net[];
  readonly #handle: Handle;
  /** Its nets, by their numbers. */
  readonly #nets: ReadonlyMap<number, Net>;
  readonly #listeners = new Map<keyof SolverEvents, Set<Listener<never>>>();
  #state: SolverState;

  constructor(peer: Peer, { handle, net, testNets, ...state }: SolverFacts, loan: Loan) {
    super();
    this.#state = state;
    this.net = new Net(peer, net, new Set());
    this.testNets = testNets.map((each) => new Net(peer, each, new Set()));
    this.#nets = new Map([
      [net.handle, this.net],
      ...testNets.map(({ handle }, i) => [handle, this.testNets[i] as Net] as const),
    ]);
    this.#handle = new Handle(peer, handle, "the solver", loan, (change) => this.#apply(change));
  }

  /** Number of updates so far. */
  get iter(): number {
    return this.#state.iter;
  }

  /** The learning rate of the next iteration. */
  get lr(): number {
    return this.#state.lr;
  }

  /** The loss of the last iteration, averaged over `iter_size` batches; NaN before the first iteration. */
  get loss(): number {
    return this.#state.loss;
  }

  /** The mean loss of the last `average_loss` iterations, as printed by Caffe. */
  get smoothedLoss(): number {
    return this.#state.smoothedLoss;
  }

  /** Whether the last `solve` or `step` was stopped by a request. */
  get stopped(): boolean {
    return this.#state.stopped;
  }

  /** Asks the worker for what the getters show. */
  async state(): Promise<SolverState> {
    return (await this.#handle.call("state", [])) as SolverState;
  }

  /** Calls `listener` at every such event. Returns a function that removes it. */
  on<E extends keyof SolverEvents>(event: E, listener: Listener<E>): () => void {
    const listeners = this.#listeners.get(event) ?? this.#listen(event);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Asks the worker for events of a kind; from then on they come. */
  #listen<E extends keyof SolverEvents>(event: E): Set<Listener<E>> {
    const listeners = new Set<Listener<E>>();
    this.#listeners.set(event, listeners);
    this.#handle.listen(event, (value: SolverEvents[E], change: Change) => {
      this.#apply(change);
      for (const listener of listeners) listener(value);
    });
    return listeners;
  }

  /** Stops the current run, or makes it take a snapshot, after the current iteration; as signals do in Caffe. */
  async request(action: SolverAction): Promise<void> {
    await this.#handle.call("request", [action]);
  }

  /** Makes `iterations` updates; as a solver here. */
  async step(...args: Parameters<CoreSolver["step"]>): Promise<void> {
    await this.#handle.call("step", args);
  }

  /** Trains until `max_iter`; as a solver here. */
  async solve(...args: Parameters<CoreSolver["solve"]>): Promise<void> {
    await this.#handle.call("solve", args);
  }

  /** The events of `solve`, or, with `iterations`, of `step`: what comes after an event is made when the next is asked for. */
  async *run({ signal, ...options }: SolverRunOptions = {}): AsyncGenerator<SolverEvent, void, undefined> {
    const loan: Loan = new Set();
    let run: unknown;
    try {
      const started = await this.#handle.call("startRun", [options], { loan });
      for (;;) {
        run = undefined;
        const next = (await this.#handle.call("nextEvent", [started, signal])) as IteratorResult<SolverEvent, void>;
        if (next.done) return;
        run = started;
        yield next.value;
      }
    } finally {
      if (run !== undefined) await this.#handle.call("endRun", [run]);
      this.#handle.takeBack(loan);
    }
  }

  /** Runs test net `index` for its `test_iter` batches, and returns its outputs, averaged over them. */
  async test(...args: Parameters<CoreSolver["test"]>): Promise<Record<string, Float32Array>> {
    return (await this.#handle.call("test", args)) as Record<string, Float32Array>;
  }

  /** Updates the weights from the gradients that `net` has now, and counts an iteration. */
  async applyUpdate(): Promise<void> {
    await this.#handle.call("applyUpdate", []);
  }

  /** Writes a snapshot, in the files that the solver was loaded with. */
  async snapshot(): Promise<void> {
    await this.#handle.call("snapshot", []);
  }

  /** Restores a snapshot; as a solver here. */
  async restore(path: string): Promise<void> {
    await this.#handle.call("restore", [path]);
  }

  /** Frees the memory of the solver and its nets in the worker, after the calls before it have ended. */
  override dispose(): Promise<void> {
    const disposal = this.#handle.dispose();
    for (const net of this.#nets.values()) Net.disposeWith(net, disposal);
    return disposal;
  }

  #apply({ state, shapes }: Change): void {
    if (state) this.#state = state;
    for (const [handle, changed] of shapes) {
      const net = this.#nets.get(handle);
      if (net) Net.setShapes(net, changed);
    }
  }
}
