import { isFieldSet } from "@bufbuild/protobuf";
import { MokaError } from "../../util/errors.js";
import type { Log } from "../../util/log.js";
import {
  type NetParameter,
  type SolverParameter,
  SolverParameter_SolverType,
  SolverParameterSchema,
} from "../gen/caffe_pb.js";
import { placeOf } from "../source.js";
import { needsNetUpgrade, upgradeNetAsNeeded } from "./net.js";
import { moveCommentsToEnd, movePlace } from "./side-data.js";

/** Names of the solver types, by the old enum. */
const types = {
  [SolverParameter_SolverType.SGD]: "SGD",
  [SolverParameter_SolverType.NESTEROV]: "Nesterov",
  [SolverParameter_SolverType.ADAGRAD]: "AdaGrad",
  [SolverParameter_SolverType.RMSPROP]: "RMSProp",
  [SolverParameter_SolverType.ADADELTA]: "AdaDelta",
  [SolverParameter_SolverType.ADAM]: "Adam",
  [SolverParameter_SolverType.SAG]: "SAG",
} as const;

/** Whether a solver has the old `solver_type`, or holds a net of an older form. */
export function needsSolverUpgrade(solver: SolverParameter): boolean {
  return hasOldType(solver) || netsIn(solver).some(needsNetUpgrade);
}

function hasOldType(solver: SolverParameter): boolean {
  return isFieldSet(solver, SolverParameterSchema.field.solverType);
}

/** The nets that a solver holds itself, not by the name of a file. */
function netsIn({ netParam, trainNetParam, testNetParam }: SolverParameter): NetParameter[] {
  return [netParam, trainNetParam, ...testNetParam].filter((net) => net !== undefined);
}

/**
 * Upgrades a solver of an older form and the nets within it. It changes `solver` itself. (Caffe leaves the nets within a solver
 * as they are, and so sees none of their old layers.)
 *
 * @returns whether nothing was left out
 * @throws MokaError as `upgradeSolverType` and `upgradeNetAsNeeded` do
 */
export function upgradeSolverAsNeeded(solver: SolverParameter, origin: string, log: Log): boolean {
  upgradeSolverType(solver, origin, log);
  return netsIn(solver)
    .map((net) => upgradeNetAsNeeded(net, origin, log))
    .every((isComplete) => isComplete);
}

/** Like `upgradeSolverAsNeeded`, but returns the solver; only the log says what is left out. */
export function upgradeSolver(solver: SolverParameter, origin: string, log: Log): SolverParameter {
  upgradeSolverAsNeeded(solver, origin, log);
  return solver;
}

/**
 * Replaces the old `solver_type` (an enum) by `type` (a string), as Caffe does. It changes `solver` itself.
 *
 * @throws MokaError `MOKA_FIELD` for a solver that has both
 */
export function upgradeSolverType(solver: SolverParameter, origin: string, log: Log): SolverParameter {
  const { field } = SolverParameterSchema;
  if (!hasOldType(solver)) return solver;
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
