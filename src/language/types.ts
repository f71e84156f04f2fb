/** What an editor is told. Offsets are in UTF-16 units; a range is from its first character to behind its last. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}

export interface Completion extends TextRange {
  readonly label: string;
  readonly kind: "field" | "message" | "value" | "type" | "blob" | "layer" | "file";
  /** Its type, its group, its fork: a few words. */
  readonly detail?: string;
  /** Markdown. */
  readonly documentation?: string;
  /** Plain text in the place of `from` to `to`. */
  readonly insert: string;
  /** Where in `insert` the caret goes. Default: behind it. */
  readonly caret?: number;
}

export interface Hover extends TextRange {
  readonly markdown: string;
}

/** Where something is defined. */
export interface Target extends TextRange {
  /** Another file, as the text names it; its beginning is meant. */
  readonly file?: string;
}

/** A place where a blob, a layer or a shared parameter is named. */
export interface Occurrence extends TextRange {
  readonly role: "made" | "read" | "name";
}

export interface OutlineItem extends TextRange {
  readonly name: string;
  readonly detail: string;
  readonly kind: "net" | "solver" | "layer" | "message" | "field";
  /** The name's place. */
  readonly selection: TextRange;
  readonly children: readonly OutlineItem[];
}

export type SyntaxKind =
  | "comment"
  | "field"
  | "message"
  | "type"
  | "blob"
  | "layer"
  | "string"
  | "number"
  | "enum"
  | "boolean"
  | "operator";

export interface SyntaxToken extends TextRange {
  readonly kind: SyntaxKind;
}
