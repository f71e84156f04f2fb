import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { didYouMean, meant } from "../util/closest.js";
import { check } from "../util/errors.js";
import { adaDelta } from "./ada-delta.js";
import { adaGrad } from "./ada-grad.js";
import { adam } from "./adam.js";
import { nesterov } from "./nesterov.js";
import { refused, type SolverProblem } from "./problem.js";
import { rmsProp } from "./rms-prop.js";
import { sgd } from "./sgd.js";
import type { UpdateRule } from "./update-rule.js";

/** All types of solver. */
export const rules: readonly UpdateRule[] = [sgd, nesterov, adaGrad, rmsProp, adaDelta, adam];

/**
 * The rule of a solver's `type`.
 *
 * @throws MokaError `MOKA_FIELD` for an unknown type
 */
export function ruleFor(solver: SolverParameter): UpdateRule {
  const rule = rules.find(({ type }) => type === solver.type);
  check(rule, "MOKA_FIELD", unknownType(solver.type));
  return rule;
}

/** What is wrong with `type`, `regularization_type`, and the fields that the type's rule reads. */
export function* typeProblems(solver: SolverParameter): Iterable<SolverProblem> {
  const { type, regularizationType } = solver;
  const rule = rules.find((each) => each.type === type);
  if (rule) yield* rule.problems?.(solver) ?? [];
  else yield refused("type", unknownType(type), { meant: meant(type, types) });
  if (regularizationType === "L1" || regularizationType === "L2") return;
  const norms = ["L1", "L2"];
  const reason = `regularization_type must be "L1" or "L2", not "${regularizationType}"${didYouMean(regularizationType, norms)}`;
  yield refused("regularization_type", reason, { meant: meant(regularizationType, norms) });
}

const types = rules.map(({ type }) => type);

function unknownType(type: string): string {
  return `unknown solver type "${type}"; there are ${types.join(", ")}${didYouMean(type, types)}`;
}
