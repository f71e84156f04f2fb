import type { Diagnostic } from "vscode-languageserver";
import { lint } from "../../src/api/lint.js";
import { withNets } from "../../src/api/lint-with-nets.js";
import { createFiles } from "../../src/platform/node/files.js";

const severities = [undefined, "error", "warning", "info"];

/** What a diagnostic and a finding have in common: rule, severity, line and column, both counted from 1. */
export function asFound({ code, severity, range: { start } }: Diagnostic): string {
  return `${start.line + 1}:${start.character + 1} ${severities[severity ?? 0]} ${code}`;
}

/** What `moka lint` finds in a file and the nets that it names, by path. */
export async function lintedWithNets(path: string, solver?: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const files = createFiles();
  const results = await withNets([path], (each, own = solver) => lint(each, { solver: own }), { exists: files.exists });
  return new Map(
    [...results].map(([each, { findings }]) => [
      each,
      findings.map(({ rule, severity, line, column }) => `${line}:${column} ${severity} ${rule}`),
    ]),
  );
}
