import { type Diagnostic, DiagnosticSeverity } from "vscode-languageserver";
import type { FoundProblem } from "../lint/lint.js";
import type { Severity } from "../lint/rule.js";
import { rules } from "../lint/rules/index.js";
import type { Places } from "./positions.js";

/** Where the pages of rules are to be read. */
export const pages = "https://github.com/moka-caffe/moka/blob/main/docs/lint/";

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
};

const ids: ReadonlySet<string> = new Set(rules.map(({ id }) => id));

/** A finding as an editor shows it: the rule's id links to its page, and what the problem causes is under the message. */
export function asDiagnostic(finding: FoundProblem, places: Places): Diagnostic {
  const { rule, severity, message, why } = finding;
  return {
    range: places.range(places.spanOf(finding)),
    severity: severities[severity],
    code: rule,
    ...(isRule(rule) ? { codeDescription: { href: pageOf(rule) } } : {}),
    source: "moka",
    message: why === "" ? message : `${message}\n${why}`,
  };
}

/** Whether it is a rule's id, and not the code of an error that keeps a file from being linted. */
export function isRule(id: string): boolean {
  return ids.has(id);
}

export function pageOf(rule: string): string {
  return `${pages}${rule}.md`;
}
