import type { Net } from "../core/net.js";
import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { inspectKey } from "../util/inspect.js";
import { formatNumber } from "../util/number-format.js";

/** How a solver shows itself. */
export abstract class SolverBase {
  abstract readonly param: SolverParameter;
  abstract readonly net: Net;
  abstract readonly testNets: readonly Net[];
  abstract readonly iter: number;
  abstract readonly lr: number;

  /** What it does and how far it is, and the table of its net; `console.log` shows it too. */
  toString(): string {
    const { type, maxIter } = this.param;
    return `Solver (${type}): iteration ${this.iter} of ${maxIter}, learning rate ${formatNumber(this.lr)}\n${this.net}`;
  }

  /** The same as `JSON.stringify` writes it. */
  toJSON(): unknown {
    const { iter, lr, net, testNets } = this;
    return { type: this.param.type, iter, maxIter: this.param.maxIter, lr, net, testNets };
  }

  [inspectKey](): string {
    return `${this}`;
  }
}
