import type { Descent } from "../core/kernels.js";
import type { Learnable } from "../core/params.js";
import type { Recorder } from "../core/recorder.js";
import type { Span } from "../core/span.js";
import type { Tensor } from "../core/tensor.js";
import type { SolverParameter } from "../proto/gen/caffe_pb.js";

/** What a rule records the update of one parameter from. */
export interface Update {
  readonly param: Learnable;
  /** The rule's memory of this parameter, each of its shape, in the order Caffe stores it. */
  readonly history: readonly Tensor[];
  /** One value each, written before every update: the learning rate, and what clipping scales gradients by. */
  readonly rate: Span;
  readonly clip: Span;
  /** Likewise, what the rule's `correction` says. */
  readonly correction: Span;
  readonly solver: SolverParameter;
}

/** How a type of solver turns gradients into updates. */
export interface UpdateRule {
  /** The exact `type` of the solver's prototxt. */
  readonly type: string;
  /** How many values it remembers for each parameter. */
  readonly histories: number;
  /** Refuses parameters that make no sense for it. */
  check?(solver: SolverParameter): void;
  /** What it scales the learning rate of the update with this number by, which counts from 1. */
  correction?(solver: SolverParameter, update: number): number;
  /** Records the update of one parameter: afterwards its diff holds what was taken off its data. */
  record(k: Recorder, update: Update): void;
}

/**
 * What all rules begin with: the gradient, averaged over `iter_size`, clipped, plus the weight decay (w, or its sign
 * with `regularization_type: "L1"`), and the learning rate times the parameter's `lr_mult`.
 */
export function descent({ param, rate, clip, solver }: Update): Descent {
  const { tensor, lrMult, decayMult } = param;
  return {
    w: tensor.data,
    dw: tensor.diff,
    rate,
    clip,
    rateScale: lrMult,
    gradientScale: Math.fround(1 / solver.iterSize),
    decay: Math.fround(solver.weightDecay * decayMult),
    isL1: solver.regularizationType === "L1",
  };
}

/** The rule's memory at this index, which counts from 0. */
export function memory({ history }: Update, index = 0): Span {
  return (history[index] as Tensor).data;
}
