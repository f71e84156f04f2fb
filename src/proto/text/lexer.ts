import type { Issues } from "./issues.js";
import { type Comment, excerpt } from "./tree.js";

/** A symbol's kind is the symbol itself. */
export type TokenKind =
  | "name"
  | "number"
  | "string"
  | "word"
  | "end"
  | "{"
  | "}"
  | "<"
  | ">"
  | "["
  | "]"
  | ","
  | ";"
  | ":"
  | "="
  | "-";

const symbols: ReadonlyMap<number, TokenKind> = new Map(
  (["{", "}", "<", ">", "[", "]", ",", ";", ":", "=", "-"] as const).map((symbol) => [symbol.charCodeAt(0), symbol]),
);

const space = 32;
const newline = 10;
const carriageReturn = 13;
const doubleQuote = 34;
const hash = 35;
const singleQuote = 39;
const backslash = 92;

// Each of these matches at `lastIndex` only. The engine runs them faster than a loop over characters, above all
// when they are new to it.
const spaces = /[ \t\n\v\f\r]+/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?:[fF](?![A-Za-z0-9_]))?/y;
/** What may stand in a word that is no name: all but spaces, brackets, separators, quotes, and `stray`. */
const word = /[^\0-\x20\x7f{}<>[\],;:=#"'\u0085\u00a0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+/y;
/** What does not belong into a text, yet means no more than a space: control characters, spaces of Unicode. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones
const stray = /[\0-\x08\x0e-\x1f\x7f\u0085\u00a0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]+/y;
/** What begins an unquoted path on Windows. */
const drive = /[A-Za-z]:\\/y;
/** What follows the name of a field. */
const opener = /[ \t\n\v\f\r]*[:{<]/y;
const extension = /\[[ \t\n\v\f\r]*[A-Za-z_][A-Za-z0-9_./-]*[ \t\n\v\f\r]*\]/y;

/**
 * Cuts a text into tokens. It stands on one token at a time and is moved by `advance`; no token outlives
 * that, so reading allocates nothing but comments.
 *
 * Lines end as in C++ protobuf: at a line feed. A carriage return is a space.
 */
export class Lexer {
  readonly text: string;
  readonly #issues: Issues;

  /** The token it stands on. */
  kind: TokenKind = "end";
  offset = 0;
  end = 0;
  line = 1;
  column = 1;
  /** The last character of the token before. */
  lastEnd = 0;
  lastLine = 1;
  /** Comments before this token that no node has taken yet. */
  comments: Comment[] = [];
  commentCount = 0;

  #lineStart = 0;
  /** Where the next line starts. */
  #nextLine: number;
  /** The place behind the first backslash after some string's start. */
  #nextBackslash = 0;

  constructor(text: string, issues: Issues) {
    this.text = text;
    this.#issues = issues;
    this.#nextLine = behindNext("\n", text, 0);
    if (text.startsWith("\ufeff")) {
      issues.add("MOKA_TEXT_CHARACTER", this, "the file starts with a byte order mark");
      this.end = 1;
      this.#lineStart = 1;
    }
    this.advance();
  }

  get raw(): string {
    return this.text.slice(this.offset, this.end);
  }

  takeComments(): readonly Comment[] {
    if (this.comments.length === 0) return none;
    const taken = this.comments;
    this.comments = [];
    return taken;
  }

  /** The comment behind the token before, on its line, if no node has taken it. */
  takeTrailing(): Comment | undefined {
    const first = this.comments[0];
    if (first?.line !== this.lastLine) return undefined;
    this.comments.shift();
    return first;
  }

  /** Whether the name it stands on has `:`, `{` or `<` behind it, as a field's has. */
  namesField(): boolean {
    return endOf(opener, this.text, this.end) > this.end;
  }

  /** Whether it stands on the name of an extension, in brackets; nothing in Caffe has one. */
  namesExtension(): boolean {
    return endOf(extension, this.text, this.offset) > this.offset;
  }

  advance(): void {
    const { text } = this;
    this.lastEnd = this.end;
    this.lastLine = this.line;
    const start = this.#skip(this.end);
    this.offset = start;
    this.column = start - this.#lineStart + 1;
    const c = text.charCodeAt(start);
    const symbol = symbols.get(c);
    if (symbol) this.#token(symbol, start + 1);
    else if (c === doubleQuote || c === singleQuote) this.#string(start);
    else this.#nameOrNumber(start);
  }

  #token(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.end = end;
  }

  /** Passes over spaces and comments, which it keeps; answers where the token starts. */
  #skip(from: number): number {
    const { text } = this;
    // Most tokens follow the one before directly, or behind one space.
    let at = from;
    if (text.charCodeAt(at) === space) at++;
    if (isCommon(text.charCodeAt(at))) return at;
    for (;;) {
      at = endOf(spaces, text, at);
      while (at >= this.#nextLine) {
        this.line++;
        this.#lineStart = this.#nextLine;
        this.#nextLine = behindNext("\n", text, this.#lineStart);
      }
      const c = text.charCodeAt(at);
      if (c === hash) at = this.#comment(at);
      else if (isCommon(c)) return at;
      else {
        const end = endOf(stray, text, at);
        if (end === at) return at;
        this.#stray(at);
        at = end;
      }
    }
  }

  #comment(offset: number): number {
    const { text, line } = this;
    let end = Math.min(this.#nextLine - 1, text.length);
    while (text.charCodeAt(end - 1) === carriageReturn) end--;
    const column = offset - this.#lineStart + 1;
    this.comments.push({ line, column, offset, end, endLine: line, text: text.slice(offset, end) });
    this.commentCount++;
    return end;
  }

  #stray(offset: number): void {
    const code = this.text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, "0");
    const place = { line: this.line, column: offset - this.#lineStart + 1 };
    this.#issues.add("MOKA_TEXT_CHARACTER", place, `a character that does not belong here: U+${code}`);
  }

  #nameOrNumber(start: number): void {
    const { text } = this;
    const nameEnd = endOf(name, text, start);
    if (nameEnd > start) {
      const path = nameEnd === start + 1 ? endOf(drive, text, start) : start;
      const end = endOf(word, text, Math.max(path, nameEnd));
      this.#token(end === nameEnd ? "name" : "word", end);
    } else {
      const end = endOf(number, text, start);
      if (end > start) this.#number(end);
      else if (start === text.length) this.#token("end", start);
      else this.#token("word", endOf(word, text, start));
    }
  }

  /** A number, or a word that starts with one. */
  #number(end: number): void {
    const { text } = this;
    const behind = endOf(word, text, end);
    const isGlued = behind > end && endOf(name, text, end) === behind && endOf(opener, text, behind) > behind;
    if (behind > end && !isGlued) this.#token("word", behind);
    else this.#token("number", end);
    if (isGlued) {
      const [left, right] = [this.raw, text.slice(end, behind)].map(excerpt);
      this.#issues.add("MOKA_TEXT_GLUED", this, `no space between the number ${left} and ${right}`);
    }
  }

  #string(start: number): void {
    const { text } = this;
    const quote = text.charAt(start);
    let end = behindNext(quote, text, start + 1);
    if (this.#nextBackslash <= start) this.#nextBackslash = behindNext("\\", text, start);
    if (this.#nextBackslash < end) end = behindClosing(text, start, text.charCodeAt(start));
    if (end < this.#nextLine) this.#token("string", end);
    else {
      this.#token("string", Math.min(this.#nextLine - 1, text.length));
      this.#issues.add("MOKA_TEXT_UNCLOSED", this, "a string that does not end on its line");
    }
  }
}

const none: readonly Comment[] = [];

/** Whether `c` is printable ASCII and begins no comment. */
function isCommon(c: number): boolean {
  return c > hash ? c < 127 : c > space && c < hash;
}

/** Where what `pattern` finds at `from` ends; `from` if it finds nothing. */
function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

/** The place behind the next `character` at or after `from`; infinity if there is none. */
function behindNext(character: string, text: string, from: number): number {
  const found = text.indexOf(character, from);
  return found < 0 ? Number.POSITIVE_INFINITY : found + 1;
}

/** The place behind the quote that closes the string at `start`, which has escapes; infinity if its line ends first. */
function behindClosing(text: string, start: number, quote: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === quote) return at + 1;
    if (c === newline || (c === backslash && text.charCodeAt(++at) === newline)) break;
  }
  return Number.POSITIVE_INFINITY;
}
