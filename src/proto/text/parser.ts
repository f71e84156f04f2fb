import { Issues } from "./issues.js";
import { Lexer } from "./lexer.js";
import { readName, readScalarNode, reportUnexpected, skipNested, skipToField, startsScalar, token } from "./tokens.js";
import {
  type Comment,
  excerpt,
  type FieldNode,
  type FileNode,
  type ListNode,
  type MessageNode,
  type Span,
  type ValueNode,
} from "./tree.js";

/** Messages and lists nested deeper than this number of levels are left out, with an issue. */
export const maxDepth = 100;

/**
 * Reads any text into a tree, and adds its problems to `issues`. The time is proportional to the length of
 * the text.
 */
export function parseTree(text: string, issues: Issues): FileNode {
  const parser = new Parser(text, false);
  let tree = parser.file();
  let found = parser.issues;
  if (parser.unclosed) {
    // Read again, and look for the missing brace: otherwise all later fields become part of the unclosed message.
    const second = new Parser(text, true);
    tree = second.file();
    found = second.issues;
  }
  for (const { code, message, ...place } of found.sorted()) issues.add(code, place, message);
  return tree;
}

/** What opens a list of fields; it decides where the list ends. */
type Opening = "{" | "<" | "file";

class Parser {
  readonly issues = new Issues();
  /** Whether a message was still open at the end of the text. */
  unclosed = false;
  readonly #lexer: Lexer;
  readonly #repair: boolean;
  /** The top-level field of the file that is being read. */
  #outermost: { readonly name: string; readonly column: number } | undefined;

  constructor(text: string, repair: boolean) {
    this.#lexer = new Lexer(text, this.issues);
    this.#repair = repair;
  }

  file(): FileNode {
    const lexer = this.#lexer;
    const fields: FieldNode[] = [];
    this.#fields(fields, "file", 0);
    return { kind: "file", text: lexer.text, fields, dangling: lexer.takeComments(), comments: lexer.commentCount };
  }

  /** Reads fields up to their closing bracket, which stays the current token. */
  #fields(fields: FieldNode[], open: Opening, depth: number): void {
    const lexer = this.#lexer;
    for (;;) {
      switch (lexer.kind) {
        case "name":
          if (this.#isNextFileField()) return;
          fields.push(this.#field(depth));
          break;
        case "end":
          return;
        case "}":
        case ">":
          if (open !== "file") return;
          this.issues.add("MOKA_TEXT_SYNTAX", lexer, `a ${lexer.kind} that closes nothing`);
          lexer.advance();
          break;
        case ",":
        case ";":
          this.issues.add("MOKA_TEXT_PUNCTUATION", lexer, `a ${lexer.kind} too many`);
          lexer.advance();
          break;
        case "{":
        case "<":
          this.#block(fields, lexer.kind, depth);
          break;
        default:
          if (lexer.isExtensionName()) fields.push(this.#field(depth));
          else {
            reportUnexpected("a field's name", lexer, this.issues);
            skipToField(lexer);
          }
      }
    }
  }

  /** Whether the current field must be the next top-level field of the file, so that a brace is missing before it. */
  #isNextFileField(): boolean {
    const lexer = this.#lexer;
    const outermost = this.#outermost;
    return (
      this.#repair &&
      outermost !== undefined &&
      lexer.column <= outermost.column &&
      lexer.raw === outermost.name &&
      lexer.isFieldName()
    );
  }

  #field(depth: number): FieldNode {
    const lexer = this.#lexer;
    const leading = lexer.takeComments();
    const { line, column, offset } = lexer;
    const name = readName(lexer);
    const nameEnd = lexer.lastEnd;
    if (depth === 0) this.#outermost = { name, column };
    const value = this.#colonAndValue(name, line, column, depth);
    if (depth === 0) this.#outermost = undefined;

    const { lastEnd: end, lastLine: endLine } = lexer;
    let trailing = lexer.takeTrailing();
    if (lexer.kind === "," || lexer.kind === ";") {
      lexer.advance();
      trailing ??= lexer.takeTrailing();
    }
    const separatorEnd = lexer.lastEnd;
    return { kind: "field", line, column, offset, end, endLine, leading, trailing, name, nameEnd, value, separatorEnd };
  }

  #colonAndValue(name: string, line: number, column: number, depth: number): ValueNode | undefined {
    const lexer = this.#lexer;
    if (lexer.kind === ":" || lexer.kind === "=") {
      if (lexer.kind === "=") this.issues.add("MOKA_TEXT_PUNCTUATION", lexer, `expected : after ${name}, got =`);
      lexer.advance();
      return this.#value(name, depth);
    }
    if (lexer.kind === "{" || lexer.kind === "<") return this.#message(depth);
    if (lexer.kind === "[") {
      const list = this.#list(name, depth);
      if (list.values.some((value) => value.kind === "scalar")) this.#missingColon(name, list);
      return list;
    }
    const scalar = startsScalar(lexer) && lexer.line === lexer.lastLine;
    if (!scalar || lexer.isFieldName()) {
      const place = { line, column };
      this.issues.add("MOKA_TEXT_MISSING_VALUE", place, `expected : or { after ${excerpt(name)}, got ${token(lexer)}`);
      return undefined;
    }
    const value = this.#value(name, depth);
    if (value) this.#missingColon(name, value);
    return value;
  }

  #missingColon(name: string, at: Span): void {
    this.issues.add("MOKA_TEXT_PUNCTUATION", at, `expected : after ${excerpt(name)}`);
  }

  /** Reads a value. If there is none, it returns undefined, and the current token stays. */
  #value(name: string, depth: number): ValueNode | undefined {
    const lexer = this.#lexer;
    if (lexer.kind === "{" || lexer.kind === "<") return this.#message(depth);
    if (lexer.kind === "[") return this.#list(name, depth);
    if (startsScalar(lexer) && !(lexer.kind === "name" && lexer.isFieldName())) {
      return readScalarNode(name, lexer, this.issues);
    }
    this.issues.add("MOKA_TEXT_MISSING_VALUE", lexer, `expected a value for ${excerpt(name)}, got ${token(lexer)}`);
    return undefined;
  }

  #message(depth: number): MessageNode | undefined {
    const lexer = this.#lexer;
    if (depth >= maxDepth) return this.#tooDeep();
    const leading = lexer.takeComments();
    const { line, column, offset } = lexer;
    const open = lexer.kind === "<" ? "<" : "{";
    lexer.advance();
    const opening = lexer.takeTrailing();
    const fields: FieldNode[] = [];
    this.#fields(fields, open, depth + 1);
    const dangling = lexer.takeComments();
    this.#close(open, line, column);
    const { lastEnd: end, lastLine: endLine } = lexer;
    const kind = "message";
    return { kind, line, column, offset, end, endLine, leading, open, opening, fields, dangling };
  }

  /** Reads the bracket that closes `open`, which is at `line` and `column`. */
  #close(open: "{" | "<", line: number, column: number): void {
    const lexer = this.#lexer;
    if (lexer.kind !== "}" && lexer.kind !== ">") {
      this.unclosed = true;
      this.issues.add("MOKA_TEXT_UNCLOSED", { line, column }, `this ${open} is not closed before ${token(lexer)}`);
      return;
    }
    const close = open === "<" ? ">" : "}";
    if (lexer.kind !== close) {
      const reason = `expected ${close} for the ${open} of line ${line}, got ${lexer.kind}`;
      this.issues.add("MOKA_TEXT_PUNCTUATION", lexer, reason);
    }
    lexer.advance();
  }

  /** Braces without a name before them, as in `layer {{ … }}`: their fields are read as without the braces. */
  #block(fields: FieldNode[], open: "{" | "<", depth: number): void {
    const lexer = this.#lexer;
    const { line, column } = lexer;
    reportUnexpected("a field's name", lexer, this.issues);
    if (depth >= maxDepth) this.#tooDeep();
    else {
      lexer.advance();
      this.#fields(fields, open, depth + 1);
      this.#close(open, line, column);
    }
  }

  #list(name: string, depth: number): ListNode {
    const lexer = this.#lexer;
    const leading = lexer.takeComments();
    const { line, column, offset } = lexer;
    const values: ValueNode[] = [];
    let dangling: readonly Comment[] = [];
    if (depth >= maxDepth) this.#tooDeep();
    else {
      lexer.advance();
      this.#values(name, values, { line, column }, depth + 1);
      dangling = lexer.takeComments();
      if (lexer.kind === "]") lexer.advance();
    }
    const { lastEnd: end, lastLine: endLine } = lexer;
    return { kind: "list", line, column, offset, end, endLine, leading, values, dangling };
  }

  /** Reads the values of a list up to its closing bracket, which stays the current token. */
  #values(name: string, values: ValueNode[], start: Pick<Span, "line" | "column">, depth: number): void {
    const lexer = this.#lexer;
    let comma = true;
    for (;;) {
      if (lexer.kind === "]") {
        if (comma && values.length > 0) this.issues.add("MOKA_TEXT_PUNCTUATION", lexer, "a , too many");
        return;
      }
      if (lexer.kind === "," || lexer.kind === ";") {
        if (comma || lexer.kind === ";") {
          this.issues.add("MOKA_TEXT_PUNCTUATION", lexer, `expected ${comma ? "a value" : ","}, got ${lexer.kind}`);
        }
        comma = true;
        lexer.advance();
        continue;
      }
      const isValue = startsScalar(lexer) || lexer.kind === "{" || lexer.kind === "<" || lexer.kind === "[";
      if (!isValue || (lexer.kind === "name" && lexer.isFieldName())) {
        this.issues.add("MOKA_TEXT_UNCLOSED", start, `this [ is not closed before ${token(lexer)}`);
        return;
      }
      if (!comma) this.issues.add("MOKA_TEXT_PUNCTUATION", lexer, "expected , between the values of a list");
      comma = false;
      const value = this.#value(name, depth);
      if (value) values.push(value);
    }
  }

  #tooDeep(): undefined {
    this.issues.add("MOKA_TEXT_DEPTH", this.#lexer, `nested more than ${maxDepth} levels deep`);
    skipNested(this.#lexer);
  }
}
