/**
 * The problems that a text can have. The codes are stable: a program may test for them.
 *
 * A warning: the meaning of the text is clear, and it was read in that meaning. An error: the meaning is in doubt, or
 * something is missing from the message. `caffeRefuses`: Caffe's own reader would refuse the file.
 */
const textIssueCodes = {
  /** A token where no field or value can be. */
  MOKA_TEXT_SYNTAX: "error",
  /** A message, list or string that does not end. */
  MOKA_TEXT_UNCLOSED: "error",
  /** A message or list nested deeper than the limit; it is left out. */
  MOKA_TEXT_DEPTH: "error",
  /** A field without its value. */
  MOKA_TEXT_MISSING_VALUE: "error",
  /** A value that is not of the field's type. */
  MOKA_TEXT_VALUE: "error",
  /** A number the field's type cannot hold. */
  MOKA_TEXT_RANGE: "error",
  /** A name or number that the enum does not have. */
  MOKA_TEXT_UNKNOWN_ENUM: "error",
  /** A required field is missing. */
  MOKA_TEXT_REQUIRED: "error",
  /** A field the message does not have, kept with the message: most come from forks of Caffe. */
  MOKA_TEXT_UNKNOWN_FIELD: "warning",
  /** A field that BVLC's Caffe does not have, but a fork of it. It is read. */
  MOKA_TEXT_FORK_FIELD: "warning",
  /** A value of an enum that BVLC's Caffe does not have, but a fork of it. It is read. */
  MOKA_TEXT_FORK_VALUE: "warning",
  /** A byte order mark, or a space or control character that the text format does not allow. */
  MOKA_TEXT_CHARACTER: "warning",
  /** A colon that is missing or written as `=`, a separator too many, a bracket of the wrong kind. */
  MOKA_TEXT_PUNCTUATION: "warning",
  /** A number and a name with no space between them. */
  MOKA_TEXT_GLUED: "warning",
  /** A singular field given again: the last value counts, messages are merged. */
  MOKA_TEXT_REPEATED: "warning",
  /** A list for a singular field: its first value counts. */
  MOKA_TEXT_LIST: "warning",
  /** A string without quotes, or a number, bool or enum in quotes. */
  MOKA_TEXT_QUOTES: "warning",
  /** A number, bool or enum in a spelling that Caffe does not accept: `64.0`, `+5`, `TRUE`, `max`. */
  MOKA_TEXT_SPELLING: "warning",
  /** An unknown escape in a string. Its characters become part of the string. */
  MOKA_TEXT_ESCAPE: "warning",
  /** Escapes in a string whose bytes are not UTF-8. Caffe accepts it. */
  MOKA_TEXT_ENCODING: "warning",
  /** A comment that goes on behind a carriage return, which ends no line. Caffe accepts it, and sees a comment. */
  MOKA_TEXT_LINE_END: "warning",
} as const satisfies Record<string, "error" | "warning">;

/** The kind of a problem of a text. */
export type TextIssueCode = keyof typeof textIssueCodes;

export interface TextIssue {
  readonly code: TextIssueCode;
  /** `warning`: the meaning is clear, and was read. `error`: it is in doubt, or something is missing from the message. */
  readonly severity: "error" | "warning";
  /** Line, counted from 1. */
  readonly line: number;
  /** Column, counted from 1 in UTF-16 units. */
  readonly column: number;
  /** The problem, in a sentence. */
  readonly message: string;
  /** Whether Caffe, which reads with C++ protobuf, would refuse the file for this. */
  readonly caffeRefuses: boolean;
}

/** Collects the problems that are found while a text is read. */
export class Issues {
  readonly #found: TextIssue[] = [];

  add(code: TextIssueCode, at: { readonly line: number; readonly column: number }, message: string): void {
    const { line, column } = at;
    const caffeRefuses = code !== "MOKA_TEXT_ENCODING" && code !== "MOKA_TEXT_LINE_END";
    this.#found.push({ code, severity: textIssueCodes[code], line, column, message, caffeRefuses });
  }

  /** All problems, in the order of the text. */
  sorted(): TextIssue[] {
    return this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}
