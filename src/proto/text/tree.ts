/**
 * The syntax tree of a text: what stands where, with nothing interpreted and nothing left out, so that a tool
 * can change the text itself. It knows no schema.
 */

/** A stretch of the text. Lines and columns count from 1, columns in UTF-16 units, a tab as one. */
export interface Span {
  readonly line: number;
  readonly column: number;
  /** `text.slice(offset, end)` is what stands there. */
  readonly offset: number;
  readonly end: number;
  /** The line that its last character is on. */
  readonly endLine: number;
}

export interface Comment extends Span {
  /** With its `#`, without the end of the line. */
  readonly text: string;
}

/** A field or a value. */
export interface Node extends Span {
  /** The comments before it that no other node has. */
  readonly leading: readonly Comment[];
}

export interface FieldNode extends Node {
  readonly kind: "field";
  /** As written; an extension's with its brackets. */
  readonly name: string;
  /** Where the name ends; it starts where the field starts. */
  readonly nameEnd: number;
  /** Missing where nothing readable follows the name. */
  readonly value: ValueNode | undefined;
  /** The comment behind it, on its last line. */
  readonly trailing: Comment | undefined;
  /** Where the `,` or `;` behind it ends; `end` if there is none. */
  readonly separatorEnd: number;
}

export type ValueNode = ScalarNode | ListNode | MessageNode;

/** What a scalar looks like. A `word` is what is none of the others: a path, a date, a bare `VGG-16`. */
export type ScalarForm = "string" | "number" | "name" | "word";

export interface ScalarNode extends Node {
  readonly kind: "scalar";
  readonly form: ScalarForm;
  /** The token as written, without a sign; of adjacent strings the first. */
  readonly text: string;
  readonly negative: boolean;
  /** Adjacent strings behind the first, as written. */
  readonly more: readonly string[];
}

export interface ListNode extends Node {
  readonly kind: "list";
  readonly values: readonly ValueNode[];
  /** Those behind the last value. */
  readonly dangling: readonly Comment[];
}

/** The fields between two braces, or of a whole file. */
export interface Body {
  readonly fields: readonly FieldNode[];
  /** Those behind the last field. */
  readonly dangling: readonly Comment[];
}

export interface MessageNode extends Node, Body {
  readonly kind: "message";
  readonly open: "{" | "<";
  /** The comment behind the opening brace, on its line. */
  readonly opening: Comment | undefined;
}

export interface FileNode extends Body {
  readonly kind: "file";
  readonly text: string;
  /** How many comments there are in all. */
  readonly comments: number;
}

/** As much of a text as a message to a user should quote. */
export function excerpt(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
