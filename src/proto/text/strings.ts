/** A string of the text, decoded. */
interface Unescaped {
  readonly bytes: Uint8Array;
  /** The first unknown escape, if there is one. The characters of unknown escapes become part of the string. */
  readonly badEscape: string | undefined;
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const looseUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Byte values by the character after the backslash. */
const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  "'": 39,
  "?": 63,
  "\\": 92,
};

/** An escape: octal, hex, a UTF-16 pair, a code point, a single character, or anything else after the backslash. */
const escapes =
  /\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})|([\s\S])|$)/gu;

/** The text between the quotes. A string without a closing quote ends where its line ends. */
export function contentOf(literal: string): string {
  const last = literal.length - 1;
  const closed = last > 0 && literal[last] === literal[0] && (literal[last - 1] !== "\\" || !endsInEscape(literal));
  return closed ? literal.slice(1, -1) : literal.slice(1).trimEnd();
}

/** Whether the last character has a backslash before it that is not itself escaped. */
function endsInEscape(literal: string): boolean {
  let at = literal.length - 2;
  while (literal[at] === "\\") at--;
  return (literal.length - 2 - at) % 2 === 1;
}

/** The bytes of adjacent strings, given the texts between their quotes. */
export function unescapeStrings(contents: readonly string[]): Unescaped {
  const bytes: number[] = [];
  const write = (text: string) => {
    for (const byte of utf8.encode(text)) bytes.push(byte);
  };
  let badEscape: string | undefined;
  for (const content of contents) {
    let done = 0;
    for (const match of content.matchAll(escapes)) {
      if (match.index > done) write(content.slice(done, match.index));
      done = match.index + match[0].length;
      const escaped = escapedBytes(match);
      if (escaped) bytes.push(...escaped);
      else {
        badEscape ??= match[0];
        write(match[0]);
      }
    }
    write(content.slice(done));
  }
  return { bytes: Uint8Array.from(bytes), badEscape };
}

function escapedBytes(match: RegExpMatchArray): readonly number[] | undefined {
  const [, octal, hex, high, low, unicode, point, character = ""] = match;
  if (octal !== undefined) return [Number.parseInt(octal, 8) & 0xff];
  if (hex !== undefined) return [Number.parseInt(hex, 16)];
  if (high !== undefined && low !== undefined) {
    return utf8Of(0x10000 + ((Number.parseInt(high, 16) & 0x3ff) << 10) + (Number.parseInt(low, 16) & 0x3ff));
  }
  const code = unicode ?? point;
  if (code !== undefined) return utf8Of(Number.parseInt(code, 16));
  const simple = simpleEscapes[character];
  return simple === undefined ? undefined : [simple];
}

/** Encodes a code point as C++ protobuf does, even one that UTF-8 does not allow, such as half of a UTF-16 pair. */
function utf8Of(code: number): readonly number[] {
  const tail = (shift: number) => 0x80 | ((code >> shift) & 0x3f);
  if (code < 0x80) return [code];
  if (code < 0x800) return [0xc0 | (code >> 6), tail(0)];
  if (code < 0x10000) return [0xe0 | (code >> 12), tail(6), tail(0)];
  return [0xf0 | (code >> 18), tail(12), tail(6), tail(0)];
}

/** Decodes UTF-8. `lossy`: the bytes are not valid UTF-8, and some are replaced by U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): { readonly text: string; readonly lossy: boolean } {
  try {
    return { text: strictUtf8.decode(bytes), lossy: false };
  } catch {
    return { text: looseUtf8.decode(bytes), lossy: true };
  }
}

const namedEscapes: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "'": "\\'",
  "\\": "\\\\",
};

/**
 * A string in double quotes, escaped as C++ protobuf does it: every byte that is not printable ASCII becomes three
 * octal digits. With `preservesUnicode`, only control characters do.
 */
export function quote(value: string | Uint8Array, preservesUnicode: boolean): string {
  if (typeof value === "string" && unescaped.test(value)) return `"${value}"`;
  if (typeof value === "string" && preservesUnicode) {
    return `"${value.replace(escapedCharacters, (c) => namedEscapes[c] ?? octal(c.charCodeAt(0)))}"`;
  }
  const bytes = typeof value === "string" ? utf8.encode(value) : value;
  let quoted = "";
  for (const byte of bytes) {
    const c = String.fromCharCode(byte);
    quoted += namedEscapes[c] ?? (byte < 32 || byte > 126 ? octal(byte) : c);
  }
  return `"${quoted}"`;
}

/** Joins adjacent strings, given as written, into one quoted string. */
export function requote(literals: readonly string[], preservesUnicode: boolean): string {
  const { bytes } = unescapeStrings(literals.map(contentOf));
  const { text, lossy } = decodeUtf8(bytes);
  return quote(lossy ? bytes : text, preservesUnicode);
}

function octal(byte: number): string {
  return `\\${byte.toString(8).padStart(3, "0")}`;
}

const unescaped = /^[ !#-&(-[\]-~]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to escape
const escapedCharacters = /[\0-\x1f\x7f"'\\]/g;
