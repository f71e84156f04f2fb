import type { SolverParameter } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import { adaDelta } from "./ada-delta.js";
import { adaGrad } from "./ada-grad.js";
import { adam } from "./adam.js";
import { nesterov } from "./nesterov.js";
import { rmsProp } from "./rms-prop.js";
import { sgd } from "./sgd.js";
import type { UpdateRule } from "./update-rule.js";

/** All types of solver. */
export const rules: readonly UpdateRule[] = [sgd, nesterov, adaGrad, rmsProp, adaDelta, adam];

/**
 * The rule of a solver's `type`.
 *
 * @throws MokaError `MOKA_FIELD` for an unknown type, and for parameters that are invalid for the type
 */
export function ruleFor(solver: SolverParameter): UpdateRule {
  const rule = rules.find(({ type }) => type === solver.type);
  const known = rules.map(({ type }) => type).join(", ");
  check(rule, "MOKA_FIELD", `unknown solver type "${solver.type}"; there are ${known}`);
  const { regularizationType } = solver;
  check(
    regularizationType === "L1" || regularizationType === "L2",
    "MOKA_FIELD",
    `regularization_type must be "L1" or "L2", not "${regularizationType}"`,
  );
  rule.check?.(solver);
  return rule;
}
