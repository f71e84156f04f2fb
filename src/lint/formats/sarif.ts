import { uriOf } from "../../util/paths.js";
import type { Edit } from "../edits.js";
import type { FoundProblem } from "../lint.js";
import type { Rule } from "../rule.js";
import type { Report } from "./report.js";

export interface SarifTool {
  readonly version: string;
  readonly rules: readonly Rule[];
  /** The rules' pages in Markdown, by id; a rule may have none. */
  readonly pages: ReadonlyMap<string, string>;
}

const levels = { error: "error", warning: "warning", info: "note" } as const;

/**
 * A log of SARIF 2.1.0 (OASIS), for code scanning and editors. Relative names of files are relative to the folder where
 * `moka` ran.
 */
export function formatSarif(reports: readonly Report<FoundProblem>[], { version, rules, pages }: SarifTool): string {
  const driver = { name: "moka", version, rules: rules.map((rule) => asDescriptor(rule, pages.get(rule.id))) };
  const indices = new Map(rules.map(({ id }, index) => [id, index]));
  const results = reports.flatMap((report) =>
    report.findings.map((finding) => asResult(report, finding, indices.get(finding.rule) ?? -1)),
  );
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }],
  };
  return `${JSON.stringify(log)}\n`;
}

function asDescriptor({ id, severity, summary }: Rule, page: string | undefined) {
  const [, first] = page?.split(/\n{2,}/) ?? [];
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: first?.replaceAll("\n", " ") ?? summary },
    help: { text: page ?? summary, ...(page === undefined ? {} : { markdown: page }) },
    defaultConfiguration: { level: levels[severity] },
  };
}

function asResult({ file, text }: Report<FoundProblem>, finding: FoundProblem, ruleIndex: number) {
  const { rule, severity, line, column, endLine, endColumn, message, why, fix } = finding;
  const artifactLocation = { uri: uriOf(file) };
  const hasEnd = endLine !== line || endColumn !== column;
  const region = { startLine: line, startColumn: column, ...(hasEnd ? { endLine, endColumn } : {}) };
  const replacements = fix?.edits.map((edit) => asReplacement(text, edit)) ?? [];
  const fixes = [{ description: { text: "as moka fix does" }, artifactChanges: [{ artifactLocation, replacements }] }];
  return {
    ruleId: rule,
    ruleIndex,
    level: levels[severity],
    message: { text: `${message}\n${why}` },
    locations: [{ physicalLocation: { artifactLocation, region } }],
    // A SARIF viewer changes the text only, so fixes that also change weights are left out.
    ...(replacements.length === 0 || fix?.weights ? {} : { fixes }),
  };
}

function asReplacement(text: string, { start, end, replacement }: Edit) {
  const [from, to] = [placeAt(text, start), placeAt(text, end)];
  return {
    deletedRegion: { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column },
    insertedContent: { text: replacement },
  };
}

function placeAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
