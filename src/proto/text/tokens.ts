/** Reads names and scalars, and skips text that cannot be read. */
import type { Issues } from "./issues.js";
import type { Lexer } from "./lexer.js";
import { excerpt, type ScalarNode } from "./tree.js";

/** The current token of `lexer`, for a message to a user. */
export function token(lexer: Lexer): string {
  return lexer.kind === "end" ? "the end of the file" : excerpt(lexer.raw);
}

/** Whether a scalar can start with the current token. */
export function startsScalar({ kind }: Lexer): boolean {
  return kind === "name" || kind === "number" || kind === "string" || kind === "word" || kind === "-";
}

export function reportUnexpected(expected: string, lexer: Lexer, issues: Issues): void {
  issues.add("MOKA_TEXT_SYNTAX", lexer, `expected ${expected}, got ${token(lexer)}`);
}

/** Reads the name of a field, or of an extension with its brackets, which starts at the current token. */
export function readName(lexer: Lexer): string {
  const { kind, offset, raw } = lexer;
  lexer.advance();
  if (kind !== "[") return raw;
  for (let i = 0; i < 2; i++) lexer.advance();
  return lexer.text.slice(offset, lexer.lastEnd);
}

/** Reads a scalar, a value of the field `name`. Returns undefined, after a report, if no number follows a minus. */
export function readScalarNode(name: string, lexer: Lexer, issues: Issues): ScalarNode | undefined {
  const leading = lexer.takeComments();
  const { line, column, offset } = lexer;
  const negative = lexer.kind === "-";
  if (negative) lexer.advance();
  const { kind: form, raw: text } = lexer;
  const notNumber = form === "string" || (form === "name" && lexer.isFieldName());
  if ((form !== "name" && form !== "number" && form !== "word" && form !== "string") || (negative && notNumber)) {
    issues.add("MOKA_TEXT_MISSING_VALUE", lexer, `expected a number for ${excerpt(name)}, got ${token(lexer)}`);
    return undefined;
  }
  lexer.advance();
  const more = form === "string" && lexer.kind === "string" ? readMoreStrings(lexer) : none;
  const { lastEnd: end, lastLine: endLine } = lexer;
  return { kind: "scalar", line, column, offset, end, endLine, leading, form, text, negative, more };
}

function readMoreStrings(lexer: Lexer): readonly string[] {
  const more: string[] = [];
  while (lexer.kind === "string") {
    more.push(lexer.raw);
    lexer.advance();
  }
  return more;
}

const none: readonly string[] = [];

/** Skips a message or list with all that is in it. */
export function skipNested(lexer: Lexer): void {
  let open = 0;
  do {
    if (lexer.kind === "{" || lexer.kind === "<" || lexer.kind === "[") open++;
    else if (lexer.kind === "}" || lexer.kind === ">" || lexer.kind === "]") open--;
    lexer.advance();
  } while (open > 0 && lexer.kind !== "end");
}

/** Skips what cannot be read, up to where a field may start or a message may end. */
export function skipToField(lexer: Lexer): void {
  for (;;) {
    lexer.advance();
    if (["end", "{", "}", "<", ">"].includes(lexer.kind)) return;
    if (lexer.kind === "name" && (lexer.line > lexer.lastLine || lexer.isFieldName())) return;
  }
}
