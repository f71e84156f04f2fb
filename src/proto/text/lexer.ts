import { Issues } from "./issues.js";
import { asAscii, fieldStart, lookAlikeAt, stringAt, withoutUnseen, word } from "./look-alikes.js";
import { type Comment, excerpt } from "./tree.js";

const symbols = ["{", "}", "<", ">", "[", "]", ",", ";", ":", "=", "-"] as const;

/** A symbol's kind is the symbol itself. */
type TokenKind = "name" | "number" | "string" | "word" | "end" | (typeof symbols)[number];

const symbolOf: ReadonlyMap<number, TokenKind> = new Map(symbols.map((symbol) => [symbol.charCodeAt(0), symbol]));

const space = 32;
const newline = 10;
const carriageReturn = 13;
const doubleQuote = 34;
const hash = 35;
const singleQuote = 39;
const backslash = 92;
const del = 127;

// Each pattern matches at `lastIndex` only. They are faster than a loop over characters, above all before the
// JavaScript engine has optimized the code.
const spaces = /[ \t\n\v\f\r]+/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?:[fF](?![A-Za-z0-9_]))?/y;
/** The beginning of an unquoted Windows path. */
const drive = /[A-Za-z]:\\/y;
const extension = /\[[ \t\n\v\f\r]*[A-Za-z_][A-Za-z0-9_./-]*[ \t\n\v\f\r]*\]/y;

/**
 * Divides a text into tokens. It holds the current token, and `advance` goes to the next one. No token is kept as an
 * object, so reading allocates memory for comments only.
 *
 * As in C++ protobuf, a line ends at a line feed, and a carriage return is a space.
 */
export class Lexer {
  readonly text: string;
  readonly #issues: Issues;

  /** The current token. */
  kind: TokenKind = "end";
  offset = 0;
  end = 0;
  line = 1;
  column = 1;
  /** The end of the previous token. */
  lastEnd = 0;
  lastLine = 1;
  /** Comments before this token that no node has taken yet. */
  comments: Comment[] = [];
  commentCount = 0;

  #lineStart = 0;
  /** What the current token means, if that is not what is written. */
  #meant: string | undefined;
  /** Where the next line starts. */
  #nextLine: number;
  /** The offset after the first backslash at or after the start of a string; it is searched for when needed. */
  #nextBackslash = 0;

  constructor(text: string, issues: Issues) {
    this.text = text;
    this.#issues = issues;
    this.#nextLine = endOfNext("\n", text, 0);
    if (text.startsWith("\ufeff")) {
      issues.add("MOKA_TEXT_CHARACTER", this, "the file starts with a byte order mark");
      this.end = 1;
      this.#lineStart = 1;
    }
    this.advance();
  }

  /** The current token; in ASCII if it is written with characters that look like that. */
  get raw(): string {
    return this.#meant ?? this.text.slice(this.offset, this.end);
  }

  takeComments(): readonly Comment[] {
    if (this.comments.length === 0) return none;
    const taken = this.comments;
    this.comments = [];
    return taken;
  }

  /** The comment after the previous token, on its line, if no node has taken it. */
  takeTrailing(): Comment | undefined {
    const first = this.comments[0];
    if (first?.line !== this.lastLine) return undefined;
    this.comments.shift();
    return first;
  }

  /** Whether the current name is followed by `:`, `{` or `<`, as a field's name is. */
  isFieldName(): boolean {
    return endOf(fieldStart, this.text, this.end) > this.end;
  }

  /** Whether the current token begins the name of an extension, in brackets. Caffe has no extensions. */
  isExtensionName(): boolean {
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
    const symbol = symbolOf.get(c);
    if (symbol) this.#token(symbol, start + 1);
    else if (c === doubleQuote || c === singleQuote) this.#string(start);
    else if (!(c > del && this.#lookAlike(start))) this.#nameOrNumber(start);
  }

  #token(kind: TokenKind, end: number, meant?: string): void {
    this.kind = kind;
    this.end = end;
    this.#meant = meant;
  }

  /** A symbol or string that looks like ASCII and is not. */
  #lookAlike(start: number): boolean {
    const found = lookAlikeAt(this.text, start);
    if (!found) return false;
    const { end, ascii, isUnclosed } = found;
    this.#token(symbolOf.get(ascii.charCodeAt(0)) ?? "string", end, ascii);
    this.#reportCharacter(this, start, ascii);
    if (isUnclosed) this.#reportUnclosed();
    return true;
  }

  /** Skips spaces and comments, stores the comments, and returns the offset of the token. */
  #skip(from: number): number {
    const { text } = this;
    // Most tokens follow the previous one directly, or after one space.
    let at = from;
    if (text.charCodeAt(at) === space) at++;
    if (startsToken(text.charCodeAt(at))) return at;
    for (;;) {
      at = endOf(spaces, text, at);
      while (at >= this.#nextLine) {
        this.line++;
        this.#lineStart = this.#nextLine;
        this.#nextLine = endOfNext("\n", text, this.#lineStart);
      }
      const c = text.charCodeAt(at);
      if (c === hash) at = this.#comment(at);
      else if (startsToken(c)) return at;
      else {
        const found = at < text.length ? lookAlikeAt(text, at) : undefined;
        if (!found || /^[^ #]/.test(found.ascii)) return at;
        this.#reportCharacter(
          { line: this.line, column: at - this.#lineStart + 1 },
          at,
          found.ascii.slice(0, 1).trim(),
        );
        at = found.ascii.startsWith("#") ? this.#comment(at) : found.end;
      }
    }
  }

  #comment(offset: number): number {
    const { text, line } = this;
    let end = Math.min(this.#nextLine - 1, text.length);
    while (text.charCodeAt(end - 1) === carriageReturn) end--;
    const column = offset - this.#lineStart + 1;
    const content = text.slice(offset + 1, end);
    this.comments.push({ line, column, offset, end, endLine: line, text: `#${content}` });
    if (content.includes("\r") && /\r\s*[^\s#]/.test(content)) {
      this.#issues.add("MOKA_TEXT_LINE_END", { line, column }, "a comment that goes on behind a carriage return (CR)");
    }
    this.commentCount++;
    return end;
  }

  #reportCharacter(at: { readonly line: number; readonly column: number }, offset: number, meant: string): void {
    const [character = "", code] = [this.text.charAt(offset), codePoint(this.text, offset)];
    const message = meant
      ? `${character} (${code}) where ${meant.charAt(0)} is meant`
      : `a character that does not belong here: ${code}`;
    this.#issues.add("MOKA_TEXT_CHARACTER", at, message);
  }

  #nameOrNumber(start: number): void {
    const { text } = this;
    const nameEnd = endOf(name, text, start);
    if (nameEnd > start) {
      const path = nameEnd === start + 1 ? endOf(drive, text, start) : start;
      const end = endOf(word, text, Math.max(path, nameEnd));
      if (end === nameEnd) this.#token("name", end);
      else this.#word(end);
    } else {
      const end = endOf(number, text, start);
      if (end > start) this.#number(end);
      else if (start === text.length) this.#token("end", start);
      else this.#word(endOf(word, text, start));
    }
  }

  /** A word; a name or a number if only invisible characters, or some that look like ASCII, keep it from being one. */
  #word(end: number): void {
    const written = this.text.slice(this.offset, end);
    const [ascii, seen] = [asAscii(written), withoutUnseen(written)];
    const kind = isWhole(name, ascii) ? "name" : isWhole(number, ascii) ? "number" : "word";
    const meant = kind === "word" ? seen : ascii;
    this.#token(kind, end, meant);
    if (meant === written) return;
    const at = [...written].find((each, index) => each !== meant[index]) ?? "";
    const code = codePoint(at, 0);
    this.#issues.add(
      "MOKA_TEXT_CHARACTER",
      this,
      `${excerpt(meant)} is written with a character that does not belong here: ${code}`,
    );
  }

  /** A number, or a word that starts with one. */
  #number(end: number): void {
    const { text } = this;
    const wordEnd = endOf(word, text, end);
    const isGlued = wordEnd > end && endOf(name, text, end) === wordEnd && endOf(fieldStart, text, wordEnd) > wordEnd;
    if (wordEnd > end && !isGlued) this.#word(wordEnd);
    else this.#token("number", end);
    if (isGlued) {
      const [left, right] = [this.raw, text.slice(end, wordEnd)].map(excerpt);
      this.#issues.add("MOKA_TEXT_GLUED", this, `no space between the number ${left} and ${right}`);
    }
  }

  #string(start: number): void {
    const { text } = this;
    const quote = text.charAt(start);
    let end = endOfNext(quote, text, start + 1);
    if (this.#nextBackslash <= start) this.#nextBackslash = endOfNext("\\", text, start);
    if (this.#nextBackslash < end) end = endOfString(text, start, text.charCodeAt(start));
    if (end < this.#nextLine) this.#token("string", end);
    else {
      const closed = stringAt(text, start, quote);
      if (closed) {
        this.#token("string", closed.end, closed.ascii);
        this.#reportCharacter(this, closed.end - 1, quote);
        return;
      }
      this.#token("string", Math.min(this.#nextLine - 1, text.length));
      this.#reportUnclosed();
    }
  }

  #reportUnclosed(): void {
    this.#issues.add("MOKA_TEXT_UNCLOSED", this, "a string that does not end on its line");
  }
}

/** What is meant by the token or the blanks at `offset`, if that is not what is written there; else undefined. */
export function meantAt(text: string, offset: number): { readonly end: number; readonly ascii: string } | undefined {
  const blank = lookAlikeAt(text, offset);
  if (blank) return blank;
  const lineEnd = endOfNext("\n", text, offset);
  const lexer = new Lexer(text.slice(offset, lineEnd), new Issues());
  const { end, raw } = lexer;
  return raw === text.slice(offset, offset + end) ? undefined : { end: offset + end, ascii: raw };
}

const none: readonly Comment[] = [];

/** Whether `c` is printable ASCII and begins no comment. */
function startsToken(c: number): boolean {
  return c > hash ? c < 127 : c > space && c < hash;
}

/** The end of the match of `pattern` at `from`; `from` if there is no match. */
function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

function isWhole(pattern: RegExp, text: string): boolean {
  return endOf(pattern, text, 0) === text.length && text !== "";
}

/** A character's number, as in U+00A0. */
function codePoint(text: string, offset: number): string {
  return `U+${text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The offset after the next `character` at or after `from`; infinity if there is none. */
function endOfNext(character: string, text: string, from: number): number {
  const found = text.indexOf(character, from);
  return found < 0 ? Number.POSITIVE_INFINITY : found + 1;
}

/** The offset after the closing quote of the string at `start`, which has escapes; infinity if its line ends first. */
function endOfString(text: string, start: number, quote: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === quote) return at + 1;
    if (c === newline || (c === backslash && text.charCodeAt(++at) === newline)) break;
  }
  return Number.POSITIVE_INFINITY;
}
