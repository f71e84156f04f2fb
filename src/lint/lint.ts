import { Ignored } from "./ignore.js";
import type { LintNet } from "./net.js";
import { type LintContext, readLintNet } from "./read-net.js";
import type { Fix, Location, Problem, Rule, Severity } from "./rule.js";

/** Something a rule has found. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  /** From 1, in the file that was looked at. */
  readonly line: number;
  readonly column: number;
  /** Where it ends, behind its last character; as `line` and `column` where only its start is known. */
  readonly endLine: number;
  readonly endColumn: number;
  /** What is wrong, in one line. */
  readonly message: string;
  /** What it does, with the numbers of this net. */
  readonly why: string;
  /** Whether `fix` repairs it. */
  readonly fixable: boolean;
}

/** What is set for a rule instead of its own severity. */
export type Level = Severity | "off";
export type Levels = Readonly<Record<string, Level>>;

/** A finding with its repair. */
export interface FoundProblem extends Finding {
  readonly fix: Fix | undefined;
}

/** What `rules` find in a net's text, in the order of the text; each thing once. */
export async function lintText(
  text: string,
  file: string | undefined,
  rules: readonly Rule[],
  levels: Levels,
  context: LintContext,
): Promise<readonly FoundProblem[]> {
  return lintNet(await readLintNet(text, file, context), rules, levels);
}

export function lintNet(net: LintNet, rules: readonly Rule[], levels: Levels): readonly FoundProblem[] {
  const ignored = new Ignored(net.tree);
  const found = new Map<string, FoundProblem>();
  for (const rule of rules) {
    const level = levels[rule.id];
    if (level === "off") continue;
    for (const problem of rule.check(net)) {
      if (ignored.has(rule.id, problem.at.line)) continue;
      const finding = asFinding(net.text, rule, level, problem);
      const key = `${finding.rule} ${finding.line}:${finding.column} ${finding.message}`;
      if (!found.has(key)) found.set(key, finding);
    }
  }
  const order = rules.map(({ id }) => id);
  return [...found.values()].sort(
    (a, b) => a.line - b.line || a.column - b.column || order.indexOf(a.rule) - order.indexOf(b.rule),
  );
}

function asFinding(text: string, rule: Rule, level: Severity | undefined, problem: Problem): FoundProblem {
  const { at, message, why, severity, fix } = problem;
  return {
    rule: rule.id,
    severity: level ?? severity ?? rule.severity,
    line: at.line,
    column: at.column,
    ...endOf(text, at),
    message,
    why,
    fixable: fix !== undefined,
    fix,
  };
}

function endOf(text: string, { line, column, offset, end }: Location) {
  if (offset === undefined || end === undefined) return { endLine: line, endColumn: column };
  const lines = text.slice(offset, end).split("\n");
  const last = lines.at(-1) ?? "";
  return { endLine: line + lines.length - 1, endColumn: (lines.length === 1 ? column : 1) + last.length };
}
