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
  readonly solver: SolverParameter;
}

/** How a type of solver turns gradients into updates. */
export interface UpdateRule {
  /** The exact `type` of the solver's prototxt. */
  readonly type: string;
  /** How many values it remembers for each parameter. */
  readonly histories: number;
  /** Refuses parameters that make no sense for it. */
  check(solver: SolverParameter): void;
  /** Records the update of one parameter: afterwards its diff holds what was taken off its data. */
  record(k: Recorder, update: Update): void;
}
