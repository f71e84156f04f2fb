import type { Finding } from "../lint.js";

interface FramePaint {
  readonly color: (text: string) => string;
  readonly dim: (text: string) => string;
}

/** The blanks that a tab is shown as. */
const tab = "    ";

/**
 * The line of a finding and the line before it, with carets under the finding, or under its first word if it covers
 * several lines. Lines that are too long are cut around the finding.
 *
 * @param lines all lines of the text
 */
export function codeFrame(
  lines: readonly string[],
  { line, column, endLine, endColumn }: Pick<Finding, "line" | "column" | "endLine" | "endColumn">,
  { color, dim }: FramePaint,
  width: number,
): readonly string[] {
  const source = lines[line - 1];
  if (source === undefined) return [];
  const digits = `${line}`.length;
  const room = Math.max(20, width - digits - 5);
  const word = /^[\w.]+/.exec(source.slice(column - 1))?.[0].length ?? 1;
  const marked = endLine === line && endColumn > column ? endColumn - column : word;
  const from = shown(source.slice(0, column - 1)).length;
  const to = from + Math.max(1, shown(source.slice(column - 1, column - 1 + marked)).length);
  const start = from < room - 20 ? 0 : Math.max(0, Math.min(from - 20, shown(source).length - room));
  const window = (text: string) => cut(shown(text).trimEnd(), start, room);
  const carets = " ".repeat(from - start) + "^".repeat(Math.max(1, Math.min(to - start, room) - (from - start)));
  const before = lines[line - 2];
  const context = before?.trim() ? [dim(`  ${`${line - 1}`.padStart(digits)} | ${window(before)}`)] : [];
  return [
    ...context.map((each) => each.trimEnd()),
    `${color(">")} ${dim(`${line} |`)} ${window(source)}`,
    `  ${" ".repeat(digits)} ${dim("|")} ${color(carets)}`,
  ];
}

/** A text with blanks for tabs, and without control characters that would move the cursor of a terminal. */
function shown(text: string): string {
  return text.replaceAll("\t", tab).replaceAll(/\p{Cc}/gu, (character) => (character === "\r" ? "" : "·"));
}

function cut(text: string, start: number, room: number): string {
  const part = text.slice(start, start + room);
  const head = start > 0 && part !== "" ? `…${part.slice(1)}` : part;
  return text.length > start + room ? `${head.slice(0, -1)}…` : head;
}
