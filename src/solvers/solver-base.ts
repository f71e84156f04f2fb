import type { Net } from "../core/net.js";
import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { inspectKey } from "../util/inspect.js";
import { formatNumber } from "../util/number-format.js";
import { ResourceOwner } from "../util/resource-owner.js";

/** The events of a solver, by name. */
export interface SolverEvents {
  /** After an iteration's gradient, before its update. */
  iteration: { readonly iter: number; readonly loss: number; readonly smoothedLoss: number; readonly lr: number };
  /** After a test: the number of the net, and its outputs, averaged over the batches. */
  test: { readonly iter: number; readonly net: number; readonly outputs: Readonly<Record<string, Float32Array>> };
  /** `run` is the `.moka.json` file, if it could be written: with it, a run can be resumed exactly. */
  snapshot: { readonly iter: number; readonly model: string; readonly state: string; readonly run: string | undefined };
}

export type Listener<E extends keyof SolverEvents> = (event: SolverEvents[E]) => void;

/** The text and JSON form of a solver, and its events. */
export abstract class SolverBase extends ResourceOwner {
  abstract readonly param: SolverParameter;
  abstract readonly net: Net;
  abstract readonly testNets: readonly Net[];
  abstract readonly iter: number;
  abstract readonly lr: number;
  readonly #listeners: { [E in keyof SolverEvents]: Set<Listener<E>> } = {
    iteration: new Set(),
    test: new Set(),
    snapshot: new Set(),
  };

  /**
   * Calls `listener` at every such event. Returns a function that removes it.
   *
   * @example
   * ```ts
   * const off = solver.on("iteration", ({ iter, loss, lr }) => console.log(iter, loss, lr));
   * await solver.step(2);
   * off();
   * ```
   */
  on<E extends keyof SolverEvents>(event: E, listener: Listener<E>): () => void {
    this.#listeners[event].add(listener);
    return () => void this.#listeners[event].delete(listener);
  }

  protected emit<E extends keyof SolverEvents>(event: E, value: SolverEvents[E]): void {
    for (const listener of this.#listeners[event]) listener(value);
  }

  /**
   * Its type, iteration and learning rate, and the table of its net; `console.log` shows it too.
   *
   * @example
   * ```ts
   * console.log(String(solver).split("\n")[0]); // Solver (SGD): iteration 0 of 4, learning rate 0.01
   * ```
   */
  override toString(): string {
    const { type, maxIter } = this.param;
    return `Solver (${type}): iteration ${this.iter} of ${maxIter}, learning rate ${formatNumber(this.lr)}\n${this.net}`;
  }

  /**
   * The same as `JSON.stringify` writes it.
   *
   * @example
   * ```ts
   * console.log(JSON.parse(JSON.stringify(solver)).maxIter); // 4
   * ```
   */
  toJSON(): unknown {
    const { iter, lr, net, testNets } = this;
    return { type: this.param.type, iter, maxIter: this.param.maxIter, lr, net, testNets };
  }

  [inspectKey](): string {
    return `${this}`;
  }
}
