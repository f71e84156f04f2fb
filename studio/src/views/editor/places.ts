/** Where a finding is in the text of the editor. */
import type { Text } from "@codemirror/state";

interface Place {
  /** Counted from 1; a byte order mark takes no column. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** Offsets of a place, within the text. A place without an end has the word that begins there, or one character. */
export function spanOf(doc: Text, { line, column, endLine, endColumn }: Place): { from: number; to: number } {
  const from = offset(doc, line, column);
  const to = offset(doc, endLine, endColumn);
  if (to > from) return { from, to };
  const { text, from: start } = doc.lineAt(from);
  const word = /^(?:[\p{L}\p{N}_.+-]+|.)/u.exec(text.slice(from - start));
  return { from, to: from + (word?.[0].length ?? 0) };
}

function offset(doc: Text, line: number, column: number): number {
  if (line > doc.lines) return doc.length;
  const { from, to, text } = doc.line(Math.max(1, line));
  const mark = line === 1 && column > 1 && text.startsWith("\ufeff") ? 1 : 0;
  return Math.min(from + mark + column - 1, to);
}
