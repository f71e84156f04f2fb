import { placeOf } from "../../proto/source.js";
import type { FieldNode, ValueNode } from "../../proto/text/tree.js";
import { evaluationProblems } from "../../solvers/checks.js";
import type { SolverProblem } from "../../solvers/problem.js";
import { type LayerProblem, problemsInStates } from "../guessed-states.js";
import type { Location } from "../location.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";
import type { View } from "../view.js";

export const solverParameters: Rule = {
  id: "solver-parameters",
  severity: "error",
  summary: "a solver that cannot be built, or whose fields do not do what they seem to",

  *check(net: LintNet) {
    yield* fieldProblems(net);
    yield* problemsInStates(net, (view) => notEvaluated(view, net));
  },
};

function* fieldProblems({ solver, solverProblems = [], tree, edit }: LintNet): Iterable<Problem> {
  for (const { field, index = 0, severity, reason, meant, divergesFrom } of solverProblems) {
    const given = valuesOf(tree.fields, field);
    const { at, value } = given[index] ?? {};
    const fix =
      meant !== undefined && value && given.length === 1 ? { edits: edit.replace(value, `"${meant}"`) } : undefined;
    yield {
      at: at ?? (solver && placeOf(solver, field)) ?? { line: 1, column: 1 },
      severity,
      divergesFrom,
      message: reason,
      why: whyOf(severity),
      fix,
    };
  }
}

/** The layers of a test net whose results the solver does not make. */
function* notEvaluated({ layers, phase, net = "the test net" }: View, { solver }: LintNet): Iterable<LayerProblem> {
  if (!solver || phase !== "TEST") return;
  for (const layer of layers) {
    const { facts } = layer;
    for (const { severity, reason } of facts ? evaluationProblems(solver, net, [facts]) : [])
      yield { layer, at: layer.at("type"), severity, message: reason, why: whyOf(severity) };
  }
}

function whyOf(severity: SolverProblem["severity"]): string {
  return severity === "error"
    ? "The solver is not built: moka train stops here with these words, before the first iteration."
    : "Caffe trains, and so does Moka, which logs this sentence when it builds the solver; but it is probably a mistake.";
}

/** The values of a field, each with its place as in errors: the field's, or its own in a list. */
function valuesOf(fields: readonly FieldNode[], name: string): { readonly at: Location; readonly value: ValueNode }[] {
  return fields.flatMap((field): { at: Location; value: ValueNode }[] => {
    const { value } = field;
    if (field.name !== name || !value) return [];
    return value.kind === "list" ? value.values.map((each) => ({ at: each, value: each })) : [{ at: field, value }];
  });
}
