import { type NearHighest, nearHighest } from "../core/near-highest.js";
import type { Net } from "../core/net.js";
import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { sourceOf } from "../proto/source.js";
import type { MokaError } from "../util/errors.js";
import { formatNumber } from "../util/number-format.js";
import type { SolverContext } from "./context.js";
import { causeOf, type Failure, lintCommand, lossError } from "./loss-error.js";

/** A loss that is this many iterations in a row near its highest does not come back by itself. */
const patience = 20;

/** Where a training is. */
type Position = Pick<Failure, "iter" | "lr">;

/** Says why the loss of a training is of no use. */
export class LossWatch {
  readonly #net: Net;
  readonly #param: SolverParameter;
  readonly #context: SolverContext;
  /** The iteration in which the weights were loaded; before its update they are not of this training. */
  #first = 0;
  /** The number of iterations for which a loss has been near its highest. */
  #stuck = 0;

  constructor(net: Net, param: SolverParameter, context: SolverContext) {
    this.#net = net;
    this.#param = param;
    this.#context = context;
  }

  /** @param iter the iteration to which a solver state was restored */
  restored(iter: number): void {
    this.#first = iter;
    this.#stuck = 0;
  }

  /** The error for a loss that is not finite. */
  async error(at: Position): Promise<MokaError> {
    return lossError(await this.#failure(at));
  }

  /** Logs, once until the next restore, that a loss sticks near its highest: nearly all predictions give their label a probability of 0. */
  async look(at: Position): Promise<void> {
    const stuck = this.#stuckLoss();
    if (stuck) this.#stuck++;
    // After the message it stays silent, also where the loss comes back and sticks again.
    else if (this.#stuck < patience) this.#stuck = 0;
    if (!stuck || this.#stuck !== patience) return;
    const what = `"${stuck.name}" has been near its highest value, ${formatNumber(stuck.highest)}, for ${patience} iterations`;
    const cause = causeOf(await this.#failure(at));
    this.#context.log("warning", "moka:0", `${what}: most labels get a probability of 0; ${cause}`);
  }

  #stuckLoss(): NearHighest | undefined {
    return this.#net.nodes.map(nearHighest).find((found) => found !== undefined);
  }

  async #failure({ iter, lr }: Position): Promise<Failure> {
    const net = this.#net;
    const { weights, clipGradients } = this.#param;
    const updates = iter - this.#first;
    const findings = await this.#context.causes?.(net, { iter, updates });
    const file = sourceOf(this.#param)?.file;
    const command = file === undefined ? undefined : lintCommand(file, weights, this.#context.ranks);
    return { net, iter, lr, updates, isClipped: clipGradients >= 0, findings, command };
  }
}
