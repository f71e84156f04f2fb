import type { Position, Range } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Edit } from "../lint/edits.js";
import type { Finding } from "../lint/lint.js";

/** A range of a text; offsets count UTF-16 units. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Places of one text as the protocol counts them and as Moka does. The protocol counts from 0, and a line ends at `\n`, `\r\n` or
 * `\r`. Lint counts from 1, a line ends at `\n` alone, and a byte order mark takes no column. Columns are UTF-16 units in both.
 */
export class Places {
  readonly text: string;
  readonly #document: TextDocument;
  #lineStarts: readonly number[] | undefined;

  constructor(text: string) {
    this.text = text;
    this.#document = TextDocument.create("", "prototxt", 0, text);
  }

  offsetAt(position: Position): number {
    return this.#document.offsetAt(position);
  }

  range({ from, to }: Span): Range {
    return { start: this.#document.positionAt(from), end: this.#document.positionAt(to) };
  }

  /** Where a finding is. One whose end is not known has the word at its place. */
  spanOf({ line, column, endLine, endColumn }: Pick<Finding, "line" | "column" | "endLine" | "endColumn">): Span {
    const from = this.#offset(line, column);
    const to = this.#offset(endLine, endColumn);
    return { from, to: to > from ? to : this.#endOfWord(from) };
  }

  /** An edit of the text for the protocol. */
  textEdit({ start, end, replacement }: Edit): { readonly range: Range; readonly newText: string } {
    return { range: this.range({ from: start, to: end }), newText: replacement };
  }

  /** @param line counted from 1, as lint does */
  #offset(line: number, column: number): number {
    this.#lineStarts ??= lineStartsOf(this.text);
    const start = this.#lineStarts[line - 1] ?? this.text.length;
    const mark = line === 1 && column > 1 && this.text.startsWith("\ufeff") ? 1 : 0;
    return Math.min(start + mark + column - 1, this.text.length);
  }

  #endOfWord(from: number): number {
    const word = /[\p{L}\p{N}_.+-]+|[^\r\n]|/uy;
    word.lastIndex = from;
    return from + (word.exec(this.text)?.[0].length ?? 0);
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
