import { Issues } from "../proto/text/issues.js";
import { parseTree } from "../proto/text/parser.js";
import { applyEdits, type Edit } from "./edits.js";
import { Ignored } from "./ignore.js";
import type { Finding } from "./lint.js";

type Found = Pick<Finding, "rule" | "line" | "column" | "endLine" | "endColumn">;

/** An edit that turns a rule off. */
export interface Ignoring {
  readonly edit: Edit;
  /** Whether it does so in the whole file. */
  readonly isWholeFile: boolean;
}

/**
 * The edit that turns a rule off where it has found something: a comment on a line of its own before it, `# moka-ignore RULE`. What is
 * found in a file as a whole is ignored by `# moka-ignore-file RULE`. Undefined where such a comment has no effect, or would have one
 * on the whole file that nobody asked for: after the last field.
 */
export function ignoreHere(text: string, found: Found): Ignoring | undefined {
  const { rule, line } = found;
  const isWholeFile = isOfFile(found);
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((offset, each) => offset + each.length + 1, 0);
  const at = start === 0 && text.startsWith("\ufeff") ? 1 : start;
  const indent = /^[ \t]*/.exec(text.slice(at))?.[0] ?? "";
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const words = isWholeFile ? `moka-ignore-file ${rule}` : `moka-ignore ${rule}`;
  const edit = { start: at, end: at, replacement: `${indent}# ${words}${newline}` };
  const ignored = new Ignored(parseTree(applyEdits(text, [edit]), new Issues()));
  const hasEffect = ignored.has(rule, line + 1) && ignored.has(rule, 0) === isWholeFile;
  return hasEffect ? { edit, isWholeFile } : undefined;
}

/** Whether it is not at a place of its own: at the first character, without an end, as what a file lacks. */
function isOfFile({ line, column, endLine, endColumn }: Found): boolean {
  return line === 1 && column === 1 && endLine === 1 && endColumn === 1;
}
