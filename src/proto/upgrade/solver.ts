import { isFieldSet } from "@bufbuild/protobuf";
import { MokaError } from "../../util/errors.js";
import type { Log } from "../../util/log.js";
import { type SolverParameter, SolverParameter_SolverType, SolverParameterSchema } from "../gen/caffe_pb.js";
import { sourceOf } from "../source.js";

/** Names of the solvers that were once numbers. */
const types = {
  [SolverParameter_SolverType.SGD]: "SGD",
  [SolverParameter_SolverType.NESTEROV]: "Nesterov",
  [SolverParameter_SolverType.ADAGRAD]: "AdaGrad",
  [SolverParameter_SolverType.RMSPROP]: "RMSProp",
  [SolverParameter_SolverType.ADADELTA]: "AdaDelta",
  [SolverParameter_SolverType.ADAM]: "Adam",
} as const;

/** Turns the old `solver_type` (an enum) into `type` (a string), as Caffe does; changes `solver` itself. */
export function upgradeSolver(solver: SolverParameter, origin: string, log: Log): SolverParameter {
  const { field } = SolverParameterSchema;
  if (!isFieldSet(solver, field.solverType)) return solver;
  if (isFieldSet(solver, field.type)) {
    throw new MokaError("MOKA_FIELD", "give type or its old form solver_type, not both", {
      place: sourceOf(solver)?.place,
    });
  }
  log(
    "info",
    "upgrade_proto.cpp:1086",
    `Attempting to upgrade input file specified using deprecated 'solver_type' field (enum)': ${origin}`,
  );
  solver.type = types[solver.solverType];
  delete (solver as Partial<SolverParameter>).solverType;
  log(
    "info",
    "upgrade_proto.cpp:1093",
    "Successfully upgraded file specified using deprecated 'solver_type' field (enum) to 'type' field (string).",
  );
  return solver;
}
