/**
 * The syntax tree of a text. Nothing is interpreted or left out, so that a tool can change the text itself. The tree
 * does not depend on a schema.
 */

/** A range of the text. Lines and columns count from 1, columns in UTF-16 units; a tab counts as one. */
export interface Span {
  readonly line: number;
  readonly column: number;
  /** `text.slice(offset, end)` is the range's text. */
  readonly offset: number;
  readonly end: number;
  /** The line of its last character. */
  readonly endLine: number;
}

export interface Comment extends Span {
  /** With its `#`, without the end of the line. */
  readonly text: string;
}

/** A field or a value. */
export interface Node extends Span {
  /** The comments before it that belong to no other node. */
  readonly leading: readonly Comment[];
}

export interface FieldNode extends Node {
  readonly kind: "field";
  /** The name as written; an extension's name has its brackets. */
  readonly name: string;
  /** Where the name ends; it starts where the field starts. */
  readonly nameEnd: number;
  /** Missing where nothing readable follows the name. */
  readonly value: ValueNode | undefined;
  /** The comment after it, on its last line. */
  readonly trailing: Comment | undefined;
  /** Where the `,` or `;` after it ends; `end` if there is none. */
  readonly separatorEnd: number;
}

export type ValueNode = ScalarNode | ListNode | MessageNode;

export interface ScalarNode extends Node {
  readonly kind: "scalar";
  /** A `word` is none of the others: a path, a date, an unquoted `VGG-16`. */
  readonly form: "string" | "number" | "name" | "word";
  /** The token as written, without a sign; of adjacent strings the first. */
  readonly text: string;
  readonly negative: boolean;
  /** Adjacent strings after the first, as written. */
  readonly more: readonly string[];
}

export interface ListNode extends Node {
  readonly kind: "list";
  readonly values: readonly ValueNode[];
  /** Comments after the last value. */
  readonly dangling: readonly Comment[];
}

/** The fields between two braces, or of a whole file. */
export interface Body {
  readonly fields: readonly FieldNode[];
  /** Comments after the last field. */
  readonly dangling: readonly Comment[];
}

export interface MessageNode extends Node, Body {
  readonly kind: "message";
  readonly open: "{" | "<";
  /** The comment after the opening brace, on its line. */
  readonly opening: Comment | undefined;
}

export interface FileNode extends Body {
  readonly kind: "file";
  readonly text: string;
  /** The number of comments in the file. */
  readonly comments: number;
}

/** At most 40 characters of a text, to be quoted in a message to a user. */
export function excerpt(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
