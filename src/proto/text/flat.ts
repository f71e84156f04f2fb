/** What the parser reads that has no parts of its own, and how it gets past what it cannot read. */
import type { Issues } from "./issues.js";
import type { Lexer } from "./lexer.js";
import { excerpt, type ScalarNode } from "./tree.js";

/** The token that `lexer` stands on, for a message to a user. */
export function shown(lexer: Lexer): string {
  return lexer.kind === "end" ? "the end of the file" : excerpt(lexer.raw);
}

/** Whether a scalar can start with the token. */
export function startsScalar({ kind }: Lexer): boolean {
  return kind === "name" || kind === "number" || kind === "string" || kind === "word" || kind === "-";
}

export function reportUnexpected(expected: string, lexer: Lexer, issues: Issues): void {
  issues.add("MOKA_TEXT_SYNTAX", lexer, `expected ${expected}, came ${shown(lexer)}`);
}

/** The name of a field, or of an extension with its brackets, which `lexer` stands on. */
export function readName(lexer: Lexer): string {
  const start = lexer.offset;
  const tokens = lexer.kind === "[" ? 3 : 1;
  for (let i = 0; i < tokens; i++) lexer.advance();
  return lexer.text.slice(start, lexer.lastEnd);
}

/** The scalar that `lexer` stands on, a value of the field `name`; nothing, once reported, where a minus has none. */
export function readScalarNode(name: string, lexer: Lexer, issues: Issues): ScalarNode | undefined {
  const leading = lexer.takeComments();
  const { line, column, offset } = lexer;
  const negative = lexer.kind === "-";
  if (negative) lexer.advance();
  const { kind: form, raw: text } = lexer;
  const hasNone = form === "string" || (form === "name" && lexer.namesField());
  if ((form !== "name" && form !== "number" && form !== "word" && form !== "string") || (negative && hasNone)) {
    issues.add("MOKA_TEXT_MISSING_VALUE", lexer, `expected a number for ${excerpt(name)}, came ${shown(lexer)}`);
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

/** Passes over a message or list with all that is in it. */
export function skipNested(lexer: Lexer): void {
  let open = 0;
  do {
    if (lexer.kind === "{" || lexer.kind === "<" || lexer.kind === "[") open++;
    else if (lexer.kind === "}" || lexer.kind === ">" || lexer.kind === "]") open--;
    lexer.advance();
  } while (open > 0 && lexer.kind !== "end");
}

/** Passes over what cannot be read, to where a field may start or a message end. */
export function skipToField(lexer: Lexer): void {
  for (;;) {
    lexer.advance();
    switch (lexer.kind) {
      case "end":
      case "{":
      case "}":
      case "<":
      case ">":
        return;
      case "name":
        if (lexer.line > lexer.lastLine || lexer.namesField()) return;
    }
  }
}
