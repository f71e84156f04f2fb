import type { KnownRanksOptions } from "../core/known-ranks.js";
import type { NetParameter, SolverParameter } from "../proto/gen/caffe_pb.js";
import { type ErrorFinding, formatPlace } from "../util/errors.js";
import { counted } from "../util/words.js";
import type { RunOptions } from "./environment.js";
import type { Text } from "./read-text.js";

/** A training as `lintTraining` looks at it. */
export interface Training extends Pick<RunOptions, "files" | "layers">, KnownRanksOptions {
  /** The texts of the solver and of its nets, as they were read when it was built. */
  readonly texts: readonly Text[];
  /** The solver, with the options that replace its fields. */
  readonly solver: SolverParameter;
  /** The weights of the training net as they are now. */
  readonly weights: NetParameter;
}

/** What lint finds in a training. */
export interface TrainingFinding extends ErrorFinding {
  /** The iteration from which it alone can make the loss infinite or no number, 0 without any update; undefined if it cannot. */
  readonly divergesFrom: number | undefined;
}

/**
 * What can have made the loss infinite or no number by now: errors before warnings, each in the order of the text.
 *
 * @param at the iteration, and the updates since the weights were loaded
 */
export function causesIn(
  findings: readonly TrainingFinding[] | undefined,
  { iter, updates }: { readonly iter: number; readonly updates: number },
): readonly ErrorFinding[] | undefined {
  const order = ["error", "warning", "info"];
  return findings
    ?.filter(({ divergesFrom: from }) => from !== undefined && from <= iter && (from === 0 || updates > 0))
    .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
    .map(({ divergesFrom: _, ...finding }) => finding);
}

/**
 * One line on the errors in a training that starts; undefined if there are none.
 *
 * @param command the command that shows them
 */
export function errorsIn(findings: readonly TrainingFinding[], command: string | undefined): string | undefined {
  const errors = findings.filter(({ severity }) => severity === "error");
  const first = errors.find(({ divergesFrom }) => divergesFrom !== undefined) ?? errors[0];
  if (!first) return undefined;
  const count = errors.length > 1 ? `${counted(errors.length, "error")}, one of them at` : "an error at";
  const more = command === undefined ? "" : `. ${command} shows all that it finds`;
  return `lint finds ${count} ${formatPlace(first)}: ${first.message} [${first.rule}]${more}`;
}
