import { lint } from "../api/lint.js";
import type { FoundProblem, Levels } from "../lint/lint.js";
import { MokaError, reasonOf } from "../util/errors.js";
import { type Files, readFrom } from "../util/files.js";

/** A larger file is not read, in bytes: looking at it would keep the editor waiting. */
export const largest = 5_000_000;

/** What was found in one file. */
export interface Report {
  readonly text: string;
  readonly findings: readonly FoundProblem[];
  /** The nets that it names, if it is a solver. */
  readonly nets: readonly string[];
}

/** Lints a file. It never fails: what keeps a file from being read is a finding. */
export async function lintOne(
  path: string,
  solver: string | undefined,
  files: Files,
  levels: () => Promise<Levels>,
): Promise<Report> {
  try {
    const size = await readFrom(files, path, (source) => source.size);
    if (size > largest) return refused("MOKA_FILE", tooLarge(size));
    const { text, findings, nets } = await lint(path, { files, solver, rules: await levels() });
    return { text, findings, nets };
  } catch (error) {
    if (!(error instanceof MokaError))
      return refused("MOKA_INTERNAL", `lint failed, a mistake of Moka's own: ${reasonOf(error)}`);
    return refused(error.code, error.message, error.place);
  }
}

function tooLarge(size: number): string {
  const [is, most] = [size, largest].map((bytes) => (bytes / 1e6).toFixed(1));
  return `the file is not read: it has ${is} MB, and files of more than ${most} MB are left alone here; moka lint reads it`;
}

function refused(rule: string, message: string, place = { line: 1, column: 1 }): Report {
  const at = { line: place.line, column: place.column, endLine: place.line, endColumn: place.column };
  const finding = { rule, severity: "error", ...at, message, why: "", fixable: false, fix: undefined } as const;
  return { text: "", findings: [{ ...finding, divergesFrom: undefined }], nets: [] };
}
