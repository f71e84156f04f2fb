// Lint, as it looks at a drawn net.
import { type Finding, lintText } from "../../../src/lint/lint.js";
import { rules } from "../../../src/lint/rules/index.js";
import { lintContext } from "../../lint.js";
import { weightsOf } from "../../lint-weights.js";
import { type DrawnNet, netFile, netText, solverText } from "./net-text.js";

/** The findings of all rules, in the net's own text or in the solver's. */
export async function findingsOf(net: DrawnNet): Promise<readonly Finding[]> {
  const solver = net.solver && solverText(net);
  const context = lintContext({
    ...(solver !== undefined && { solver }),
    ...(net.weights && { weights: weightsOf(net.weights) }),
  });
  if (solver !== undefined && net.isInSolver) return lintText(solver, "solver.prototxt", rules, {}, context);
  return lintText(netText(net), net.kind === "deploy" ? "deploy.prototxt" : netFile, rules, {}, context);
}
