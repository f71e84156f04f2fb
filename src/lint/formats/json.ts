import type { Finding } from "../lint.js";
import type { Report } from "./report.js";

/** `{ "files": [{ "file", "findings": [{ "rule", "severity", "line", "column", … }] }] }`; keys are never renamed. */
export function formatJson(reports: readonly Report[]): string {
  const files = reports.map(({ file, findings }) => ({ file, findings: findings.map(asJson) }));
  return `${JSON.stringify({ files })}\n`;
}

/** A finding with the keys of the format only. */
export function asJson(finding: Finding): Finding {
  const { rule, severity, line, column, endLine, endColumn, message, why, fixable } = finding;
  return { rule, severity, line, column, endLine, endColumn, message, why, fixable };
}
