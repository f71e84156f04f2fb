import type { Descent } from "../core/kernels.js";
import type { Learnable } from "../core/params.js";
import type { Recorder } from "../core/recorder.js";
import type { Span } from "../core/span.js";
import type { Tensor } from "../core/tensor.js";
import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { formatNumber } from "../util/number-format.js";
import { doubtful, type SolverCheck, type SolverProblem } from "./problem.js";

/** The inputs of a rule for the update of one parameter. */
interface Update {
  readonly param: Pick<Learnable, "tensor" | "lrMult" | "decayMult">;
  /** The rule's histories of this parameter, each of the parameter's shape, in the order in which Caffe stores them. */
  readonly history: readonly Tensor[];
  /** One value each, written before every update: the learning rate, and the scale that clips gradients. */
  readonly rate: Span;
  readonly clip: Span;
  /** One value, written before every update: the result of the rule's `correction`, or 1. */
  readonly correction: Span;
  readonly solver: SolverParameter;
  /** The number of batches whose gradients were added up: `iter_size` on each rank. */
  readonly batches: number;
}

/** The update rule of a type of solver. */
export interface UpdateRule {
  /** The exact `type` of the solver's prototxt. */
  readonly type: string;
  /** Number of histories per parameter. */
  readonly histories: number;
  /** Whether a step is divided by the size of the gradients, so that its length depends little on theirs. */
  readonly isNormalized: boolean;
  /** What is wrong with the fields that this rule reads. */
  readonly problems?: SolverCheck;
  /** The scale of the learning rate in this update, counted from 1. */
  correction?(solver: SolverParameter, update: number): number;
  /** Records the update of one parameter. After it has run, the diff is what was subtracted from the data. */
  record(k: Recorder, update: Update): void;
}

/**
 * The arguments that all rules have in common: the gradient, averaged over `iter_size` and the ranks, clipped, plus the weight decay
 * (of w, or of its sign with `regularization_type: "L1"`), and the learning rate times the parameter's `lr_mult`.
 */
export function descent({ param, rate, clip, solver, batches }: Update): Descent {
  const { tensor, lrMult, decayMult } = param;
  return {
    w: tensor.data,
    dw: tensor.diff,
    rate,
    clip,
    rateScale: lrMult,
    gradientScale: Math.fround(1 / batches),
    decay: Math.fround(solver.weightDecay * decayMult),
    isL1: solver.regularizationType === "L1",
  };
}

/** The values of the history with this index, counted from 0. */
export function historyOf({ history }: Update, index = 0): Span {
  return (history[index] as Tensor).data;
}

/** The reason for which a rule without momentum refuses one. */
export function withoutMomentum(type: string, momentum: number): string {
  return `${type} uses no momentum: it must be 0 or missing, not ${formatNumber(momentum)}`;
}

/** What is wrong with a momentum of 1 or more: what an update adds to the weights never fades away. */
export function* lastingMomentum({ momentum }: SolverParameter): Iterable<SolverProblem> {
  if (momentum < 1) return;
  const reason = `momentum is ${formatNumber(momentum)}: what an update adds never fades away, as it does with the usual 0.9`;
  yield doubtful("momentum", reason, { divergesFrom: 2 });
}
