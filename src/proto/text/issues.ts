/**
 * What can be wrong with a text. The codes are stable: a program may test for them.
 *
 * A warning says that the text was read on in its plain meaning; an error, that its meaning is in doubt or
 * something is missing from the message. `caffeRefuses` says whether Caffe's own reader would give up here.
 */
export const textIssueCodes = {
  /** Something stands where no field or value can. */
  MOKA_TEXT_SYNTAX: "error",
  /** A message, list or string that does not end. */
  MOKA_TEXT_UNCLOSED: "error",
  /** Nested deeper than is read; what lies deeper is left out. */
  MOKA_TEXT_DEPTH: "error",
  /** A field without its value. */
  MOKA_TEXT_MISSING_VALUE: "error",
  /** A value of another kind than the field's. */
  MOKA_TEXT_VALUE: "error",
  /** A number the field's type cannot hold. */
  MOKA_TEXT_RANGE: "error",
  /** A name or number that the enum does not have. */
  MOKA_TEXT_UNKNOWN_ENUM: "error",
  /** A required field that is not there. */
  MOKA_TEXT_REQUIRED: "error",
  /** A field the message does not have, kept with the message: most come from forks of Caffe. */
  MOKA_TEXT_UNKNOWN_FIELD: "warning",
  /** A byte order mark, or a space or control character that is not of the language. */
  MOKA_TEXT_CHARACTER: "warning",
  /** A colon that is missing or written `=`, a separator too many, a bracket of the wrong kind. */
  MOKA_TEXT_PUNCTUATION: "warning",
  /** A number and a name with no space between them. */
  MOKA_TEXT_GLUED: "warning",
  /** A singular field given again: the last value counts, messages are merged. */
  MOKA_TEXT_REPEATED: "warning",
  /** A list for a singular field: its first value counts. */
  MOKA_TEXT_LIST: "warning",
  /** A string without quotes, or a number, bool or enum with them. */
  MOKA_TEXT_QUOTES: "warning",
  /** A number, bool or enum that Caffe would have spelled otherwise: `64.0`, `+5`, `TRUE`, `max`. */
  MOKA_TEXT_SPELLING: "warning",
  /** An escape that does not exist, taken as its own characters. */
  MOKA_TEXT_ESCAPE: "warning",
  /** Bytes that are no UTF-8, as escapes in a string; the one thing here that Caffe takes. */
  MOKA_TEXT_ENCODING: "warning",
} as const satisfies Record<string, "error" | "warning">;

export type TextIssueCode = keyof typeof textIssueCodes;

export interface TextIssue {
  readonly code: TextIssueCode;
  readonly severity: "error" | "warning";
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly message: string;
  /** Whether Caffe, which reads with C++ protobuf, would refuse the file for this. */
  readonly caffeRefuses: boolean;
}

/** Collects what was found while a text is read. */
export class Issues {
  readonly #found: TextIssue[] = [];

  add(code: TextIssueCode, at: { readonly line: number; readonly column: number }, message: string): void {
    const { line, column } = at;
    const caffeRefuses = code !== "MOKA_TEXT_ENCODING";
    this.#found.push({ code, severity: textIssueCodes[code], line, column, message, caffeRefuses });
  }

  /** Everything found, in the order of the text. */
  sorted(): TextIssue[] {
    return this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}
