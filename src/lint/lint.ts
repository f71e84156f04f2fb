import { Ignored } from "./ignore.js";
import type { Location } from "./location.js";
import type { LintNet } from "./net.js";
import { type LintContext, readLintNet } from "./read-net.js";
import { isSolver, readLintSolver } from "./read-solver.js";
import type { Fix, Problem, Rule, Severity } from "./rule.js";
import { Source } from "./source.js";

/** A problem that a rule has found. */
export interface Finding {
  /** The rule's id. */
  readonly rule: string;
  readonly severity: Severity;
  /** Counted from 1, in the file that was checked. */
  readonly line: number;
  readonly column: number;
  /** The place after its last character; equal to `line` and `column` if only its start is known. */
  readonly endLine: number;
  readonly endColumn: number;
  /** What is wrong, in one line. */
  readonly message: string;
  /** What the problem causes, with the numbers of this net. */
  readonly why: string;
  /** Whether `fix` repairs it. */
  readonly fixable: boolean;
  /** The file of another net of the solver in which the same is found, at the better place. */
  readonly elsewhere?: string | undefined;
}

/** A user's setting for a rule; it replaces the rule's own severity. */
export type Level = Severity | "off";
/** Levels of rules by id. */
export type Levels = Readonly<Record<string, Level>>;

/** A finding with its fix. */
export interface FoundProblem extends Finding {
  /** What `fix` would do; undefined if the problem is left to the user. */
  readonly fix: Fix | undefined;
  /** The iteration from which it alone can make the loss of training infinite or no number; undefined if it cannot. */
  readonly divergesFrom: number | undefined;
}

/**
 * The problems that `rules` find in the text of a net or solver, each once, in the order of the text. A solver's
 * problems include those of the nets within its text; nets that it names by files are not read.
 */
export async function lintText(
  text: string,
  file: string | undefined,
  rules: readonly Rule[],
  levels: Levels,
  context: LintContext,
): Promise<readonly FoundProblem[]> {
  const source = new Source(text, file);
  const nets: readonly [LintNet, ...LintNet[]] = isSolver(source)
    ? await readLintSolver(source, context)
    : [await readLintNet(source, context)];
  return lintNets(nets, rules, levels);
}

/** @param nets the nets of one text; the first one covers the whole text */
function lintNets(
  nets: readonly [LintNet, ...LintNet[]],
  rules: readonly Rule[],
  levels: Levels,
): readonly FoundProblem[] {
  const ignored = new Ignored(nets[0].tree);
  const found = new Map<string, FoundProblem>();
  // Behind an unclosed brace or quote the structure of the text is uncertain, so nothing is repaired.
  const isUnclosed = nets[0].issues.some(({ code }) => code === "MOKA_TEXT_UNCLOSED" || code === "MOKA_TEXT_DEPTH");
  for (const rule of rules) {
    const level = levels[rule.id];
    if (level === "off") continue;
    for (const net of nets) {
      for (const problem of rule.check(net)) {
        if (ignored.has(rule.id, problem.at.line)) continue;
        const finding = asFinding(net.text, rule, level, isUnclosed ? { ...problem, fix: undefined } : problem);
        const key = `${finding.rule} ${finding.line}:${finding.column} ${finding.message}`;
        if (!found.has(key)) found.set(key, finding);
      }
    }
  }
  const order = rules.map(({ id }) => id);
  return [...found.values()].sort(
    (a, b) => a.line - b.line || a.column - b.column || order.indexOf(a.rule) - order.indexOf(b.rule),
  );
}

function asFinding(text: string, rule: Rule, level: Severity | undefined, problem: Problem): FoundProblem {
  const { at, message, why, severity, fix, divergesFrom, elsewhere } = problem;
  return {
    rule: rule.id,
    severity: level ?? severity ?? rule.severity,
    line: at.line,
    column: at.column,
    ...endOf(text, at),
    message,
    why,
    fixable: fix !== undefined,
    ...(elsewhere === undefined ? {} : { elsewhere }),
    fix,
    divergesFrom,
  };
}

function endOf(text: string, { line, column, offset, end }: Location) {
  if (offset === undefined || end === undefined) return { endLine: line, endColumn: column };
  const lines = text.slice(offset, end).split("\n");
  const last = lines.at(-1) ?? "";
  return { endLine: line + lines.length - 1, endColumn: (lines.length === 1 ? column : 1) + last.length };
}
