import { isFieldSet } from "@bufbuild/protobuf";
import { MokaError } from "../../util/errors.js";
import type { Log } from "../../util/log.js";
import { type SolverParameter, SolverParameter_SolverType, SolverParameterSchema } from "../gen/caffe_pb.js";
import { placeOf } from "../source.js";
import { moveCommentsToEnd, movePlace } from "./side-data.js";

/** Names of the solver types, by the old enum. */
const types = {
  [SolverParameter_SolverType.SGD]: "SGD",
  [SolverParameter_SolverType.NESTEROV]: "Nesterov",
  [SolverParameter_SolverType.ADAGRAD]: "AdaGrad",
  [SolverParameter_SolverType.RMSPROP]: "RMSProp",
  [SolverParameter_SolverType.ADADELTA]: "AdaDelta",
  [SolverParameter_SolverType.ADAM]: "Adam",
} as const;

/** Whether a solver has the old `solver_type`. */
export function needsSolverUpgrade(solver: SolverParameter): boolean {
  return isFieldSet(solver, SolverParameterSchema.field.solverType);
}

/**
 * Replaces the old `solver_type` (an enum) by `type` (a string), as Caffe does. It changes `solver` itself.
 *
 * @throws MokaError `MOKA_FIELD` for a solver that has both
 */
export function upgradeSolver(solver: SolverParameter, origin: string, log: Log): SolverParameter {
  const { field } = SolverParameterSchema;
  if (!needsSolverUpgrade(solver)) return solver;
  if (isFieldSet(solver, field.type)) {
    throw new MokaError("MOKA_FIELD", "give type or its old form solver_type, not both", {
      place: placeOf(solver, "solver_type"),
    });
  }
  log(
    "info",
    "upgrade_proto.cpp:1084",
    `Attempting to upgrade input file specified using deprecated 'solver_type' field (enum)': ${origin}`,
  );
  solver.type = types[solver.solverType];
  movePlace(solver, "solver_type", solver, "type");
  moveCommentsToEnd(solver, (field) => field === "solver_type");
  delete (solver as Partial<SolverParameter>).solverType;
  log(
    "info",
    "upgrade_proto.cpp:1091",
    "Successfully upgraded file specified using deprecated 'solver_type' field (enum) to 'type' field (string).",
  );
  log(
    "warning",
    "upgrade_proto.cpp:1093",
    "Note that future Caffe releases will only support 'type' field (string) for a solver's type.",
  );
  return solver;
}
