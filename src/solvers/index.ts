import { MokaError } from "../util/errors.js";
import { sgd } from "./sgd.js";
import type { UpdateRule } from "./update-rule.js";

/** All types of solver. */
export const rules: readonly UpdateRule[] = [sgd];

/** The rule of a solver's `type`. */
export function ruleFor(type: string): UpdateRule {
  const rule = rules.find((candidate) => candidate.type === type);
  if (rule) return rule;
  const known = rules.map((candidate) => candidate.type).join(", ");
  throw new MokaError("MOKA_FIELD", `unknown solver type "${type}"; there are ${known}`);
}
