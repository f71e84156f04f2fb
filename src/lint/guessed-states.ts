import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";
import type { Problem } from "./rule.js";
import type { View } from "./view.js";

/** A problem of one layer. */
export interface LayerProblem extends Problem {
  readonly layer: LintLayer;
}

/**
 * The problems in the states of a net. Without a solver, the stages of a state are guessed from the include and exclude
 * rules that name them. A phase may never be used with a stage: `deploy` is seldom used in TRAIN. So a problem in such a
 * state counts only if it is in all phases that have the layer.
 */
export function problemsInStates(net: LintNet, check: (view: View) => Iterable<LayerProblem>): readonly LayerProblem[] {
  const found = net.views.map((view) => {
    const problems = [...check(view)];
    return { view, problems, messages: new Set(problems.map(({ message }) => message)) };
  });
  return found.flatMap(({ view, problems }) => {
    if (net.solver || view.stages.length === 0) return problems;
    const alike = found.filter((other) => other.view !== view && sameStages(other.view, view));
    return problems.filter((problem) =>
      alike.every((other) => !other.view.has(problem.layer) || other.messages.has(problem.message)),
    );
  });
}

function sameStages(a: View, b: View): boolean {
  return a.stages.length === b.stages.length && a.stages.every((stage, index) => stage === b.stages[index]);
}
