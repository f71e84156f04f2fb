/** What people paste from pages, chats and word processors in place of ASCII characters. */
const pasted: Readonly<Record<string, string>> = {
  ":": "：﹕∶꞉",
  "{": "｛﹛",
  "}": "｝﹜",
  "<": "＜﹤",
  ">": "＞﹥",
  "[": "［【",
  "]": "］】",
  ",": "，﹐、﹑､",
  ";": "；﹔\u037e",
  "=": "＝﹦",
  "#": "＃﹟",
  "-": "－﹣‐‑‒–—―−﹘",
  '"': "“”„‟″＂〝〞«»",
  "'": "‘’‚‛′＇",
};

const asciiOf: ReadonlyMap<string, string> = new Map(
  Object.entries(pasted).flatMap(([ascii, others]) => [...others].map((other) => [other, ascii] as const)),
);

/** Unicode's spaces, and control characters: what the text format does not allow, and what is read as a space. */
const blanks = "\\0-\\x08\\x0e-\\x1f\\x7f-\\x9f\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
/** Invisible characters: soft hyphens, joiners, marks of direction, variation selectors. They are read as nothing. */
const unseen = "\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufe00-\\ufe0f\\ufeff";
const brackets = pastedAs(":{}<>[],;=#\"'");

/** The characters of a word that is not a name: all but blanks, brackets, separators and quotes. */
export const word = new RegExp(`[^\\0-\\x20{}<>[\\],;:=#"'${brackets}${blanks}]+`, "y");
/** What follows the name of a field. */
export const fieldStart = new RegExp(`[ \\t\\n\\v\\f\\r${blanks}${unseen}]*[:{<${pastedAs(":{<")}]`, "y");
/** Characters between tokens that the text format does not allow. */
const stray = new RegExp(`[${blanks}${unseen}]+`, "y");
const onlyUnseen = new RegExp(`^[${unseen}]+$`);
const anyUnseen = new RegExp(`[${unseen}]`, "g");
const fullWidth = /[\uff01-\uff5e]/g;
const dashes = new RegExp(`[${pastedAs("-")}]`, "g");
const comment = /[^\n]*/y;

/** A part of a text that looks like ASCII and is not, and what it looks like. */
interface LookAlike {
  readonly end: number;
  readonly ascii: string;
  /** Whether it is a string that does not end on its line. */
  readonly isUnclosed?: boolean;
}

/**
 * What is meant at the start of a token, or between tokens, that begins with a character beyond ASCII, or with a control
 * character: a space or nothing, a symbol, a comment, or a string in typographic quotes. Undefined for anything else.
 */
export function lookAlikeAt(text: string, offset: number): LookAlike | undefined {
  const blank = matchAt(stray, text, offset);
  if (blank !== "") return { end: offset + blank.length, ascii: onlyUnseen.test(blank) ? "" : " " };
  const ascii = asciiOf.get(text.charAt(offset));
  switch (ascii) {
    case undefined:
      return undefined;
    case "#": {
      const line = matchAt(comment, text, offset).replace(/\r+$/, "");
      return { end: offset + line.length, ascii: `#${line.slice(1)}` };
    }
    case '"':
    case "'":
      return stringAt(text, offset, ascii) ?? unclosed(text, offset, ascii);
    case "-":
      return /[\d.iInN\uff10-\uff19]/.test(text.charAt(offset + 1)) ? { end: offset + 1, ascii } : undefined;
    default:
      return { end: offset + 1, ascii };
  }
}

/** A string that a typographic quote begins or, if `quote` is ASCII, ends on its line; undefined if nothing ends it. */
export function stringAt(text: string, offset: number, quote: string): LookAlike | undefined {
  const literal = matchAt(quote === "'" ? single : double, text, offset);
  if (literal === "") return undefined;
  return { end: offset + literal.length, ascii: quote + literal.slice(1, -1) + quote };
}

/** A string that goes on to the end of its line. */
function unclosed(text: string, offset: number, quote: string): LookAlike {
  const line = matchAt(comment, text, offset);
  return { end: offset + line.length, ascii: quote + line.slice(1), isUnclosed: true };
}

const double = new RegExp(`.(?:\\\\.|[^\\\\\\n"${pastedAs('"')}])*["${pastedAs('"')}]`, "y");
const single = new RegExp(`.(?:\\\\.|[^\\\\\\n'${pastedAs("'")}])*['${pastedAs("'")}]`, "y");

/** A word without invisible characters, with ASCII for letters, digits and dashes of full width. */
export function asAscii(word: string): string {
  return withoutUnseen(word)
    .replaceAll(fullWidth, (each) => String.fromCharCode(each.charCodeAt(0) - 0xfee0))
    .replaceAll(dashes, "-");
}

export function withoutUnseen(word: string): string {
  return word.replaceAll(anyUnseen, "");
}

function pastedAs(characters: string): string {
  return [...characters].map((each) => pasted[each] ?? "").join("");
}

function matchAt(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? "";
}
