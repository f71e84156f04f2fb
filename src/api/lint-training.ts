import { createImages } from "#platform";
import { knownRanks } from "../core/known-ranks.js";
import { createCatalog } from "../layers/registry.js";
import { lintText } from "../lint/lint.js";
import type { LintContext } from "../lint/read-net.js";
import { rules } from "../lint/rules/index.js";
import { openFiles } from "../platform/open-files.js";
import type { Training, TrainingFinding } from "./training.js";

/**
 * Looks for mistakes in a training: its solver, its nets, and the weights as they are. Given as the option `lint` of `Solver.load`,
 * it makes the log name errors before the training starts, and the error of a loss that is not finite name the most likely cause.
 *
 * @returns what it finds, in the order of the texts
 * @example
 * ```ts
 * const solver = await Solver.load("examples/article/solver.prototxt", { lint: lintTraining });
 * await solver.solve(); // throws MOKA_NAN with findings, if there is a reason to
 * ```
 */
export async function lintTraining(training: Training): Promise<readonly TrainingFinding[]> {
  const { texts, solver, weights, layers } = training;
  const context: LintContext = {
    catalog: createCatalog(layers),
    files: openFiles(training),
    images: createImages(),
    solver,
    weights,
    knownRanks: knownRanks(training),
    isTraining: true,
  };
  const found: TrainingFinding[] = [];
  for (const { text, file } of texts) {
    for (const { rule, severity, line, column, message, why, divergesFrom } of await lintText(
      text,
      file,
      rules,
      {},
      context,
    ))
      found.push({ file, line, column, rule, severity, message, why, divergesFrom });
  }
  return found;
}
