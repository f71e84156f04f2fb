import type { SolverParameter } from "../proto/gen/caffe_pb.js";

/** What is wrong with one field of a solver. `moka lint` shows it, and building the solver throws or logs it. */
export interface SolverProblem {
  /** The field, named as in the prototxt, and which of its values. */
  readonly field: string;
  readonly index?: number;
  /** `error`: the solver is not built. `warning`: Caffe trains, but probably not as was intended. */
  readonly severity: "error" | "warning";
  readonly reason: string;
  /** The value that was probably meant. */
  readonly meant?: string | undefined;
  /** The iteration from which it alone can make the loss infinite or no number; without it it cannot. */
  readonly divergesFrom?: number;
}

/** Finds problems of a solver's fields; it reads no files. */
export type SolverCheck = (solver: SolverParameter) => Iterable<SolverProblem>;

/** A problem for which the solver is not built. */
export function refused(field: string, reason: string, more: Partial<SolverProblem> = {}): SolverProblem {
  return { field, severity: "error", reason, ...more };
}

/** A problem with which the solver is built. */
export function doubtful(field: string, reason: string, more: Partial<SolverProblem> = {}): SolverProblem {
  return { field, severity: "warning", reason, ...more };
}
