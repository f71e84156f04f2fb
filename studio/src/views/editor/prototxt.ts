/** Prototxt as the editor sees it at once, before Moka answers: colors, indentation, folds. */
import {
  foldService,
  type IndentContext,
  indentUnit,
  LanguageSupport,
  StreamLanguage,
  type StringStream,
} from "@codemirror/language";
import type { EditorState } from "@codemirror/state";

interface Inside {
  /** The number of messages that are open. */
  depth: number;
  /** Whether a value is wanted: behind a colon, and within a list. */
  wantsValue: boolean;
  lists: number;
}

/** The kind of the next token, as CodeMirror names it; null for blanks and what nobody would color. */
export function token(stream: StringStream, inside: Inside): string | null {
  if (stream.eatSpace()) return null;
  if (stream.match(/^#.*/)) return "comment";
  if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^'\\]|\\.)*'?/)) return valueEnds("string", inside);
  if (stream.match(/^[-+]?(?:0x[\da-f]+|\.?\d[\w.]*(?:[-+]\d+)?)/i)) return valueEnds("number", inside);
  const word = stream.match(/^[\p{L}_][\p{L}\p{N}_.]*/u);
  if (word && typeof word === "object") {
    if (inside.wantsValue) return valueEnds(/^(?:true|false)$/.test(word[0]) ? "bool" : "atom", inside);
    return /^\s*:?\s*[{<]/.test(stream.string.slice(stream.pos)) ? "typeName" : "propertyName";
  }
  return bracket(stream.next() ?? undefined, inside);
}

function bracket(char: string | undefined, inside: Inside): string | null {
  switch (char) {
    case "{":
    case "<":
      inside.depth++;
      inside.wantsValue = false;
      return "brace";
    case "}":
    case ">":
      inside.depth = Math.max(0, inside.depth - 1);
      inside.wantsValue = false;
      return "brace";
    case "[":
      inside.lists++;
      inside.wantsValue = true;
      return "squareBracket";
    case "]":
      inside.lists = 0;
      inside.wantsValue = false;
      return "squareBracket";
    case ":":
      inside.wantsValue = true;
      return "punctuation";
    default:
      return /^[,;]$/.test(char ?? "") ? "punctuation" : null;
  }
}

function valueEnds(kind: string, inside: Inside): string {
  inside.wantsValue = inside.lists > 0;
  return kind;
}

const language = StreamLanguage.define<Inside>({
  name: "prototxt",
  startState: () => ({ depth: 0, wantsValue: false, lists: 0 }),
  copyState: (inside) => ({ ...inside }),
  token,
  indent: ({ depth }, textAfter, { unit }: IndentContext) =>
    Math.max(0, depth - (/^\s*[}>]/.test(textAfter) ? 1 : 0)) * unit,
  languageData: { commentTokens: { line: "#" }, indentOnInput: /^\s*[}>]$/, wordChars: "-/" },
});

/** The most lines that are looked at for the end of a message: a longer one is not folded. */
const longestFold = 5000;

/** The braces that a line opens and closes, without those in comments and strings. */
export function braces(line: string): { readonly opened: number; readonly closed: number } {
  let [opened, closed] = [0, 0];
  for (const [part] of line.matchAll(/#.*|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[{}]/g)) {
    if (part === "{") opened++;
    // One that closes what was opened on this line leaves nothing open.
    else if (part === "}" && opened > 0) opened--;
    else if (part === "}") closed++;
  }
  return { opened, closed };
}

/** Whether the end of a line is within a word or a string, and not behind one or in a comment: something is offered there unasked. */
export function isTyping(line: string): boolean {
  const rest = line.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
  if (/^[^"#]*(?:""[^"#]*)*#/.test(rest)) return false;
  return /["']/.test(rest.replaceAll('""', "")) || /(?:^|[\s{}<>:,;[\]])[\p{L}_][\p{L}\p{N}_]*$/u.test(rest);
}

/** What a message that begins on a line has between its braces, if it ends on a later line. */
export function foldFrom(state: EditorState, lineStart: number): { from: number; to: number } | null {
  const first = state.doc.lineAt(lineStart);
  const at = first.text.lastIndexOf("{");
  let open = braces(first.text).opened;
  if (open === 0 || at === -1) return null;
  const last = Math.min(state.doc.lines, first.number + longestFold);
  for (let n = first.number + 1; n <= last; n++) {
    const line = state.doc.line(n);
    const { opened, closed } = braces(line.text);
    open -= closed;
    if (open <= 0) {
      const to = line.from + line.text.indexOf("}");
      return to > first.to ? { from: first.from + at + 1, to } : null;
    }
    open += opened;
  }
  return null;
}

/** The indentation that a text has: that of its first line in a message; two blanks if there is none. */
export function unitOf(text: string): string {
  return /^[^#\n]*\{[^\S\n]*\n([ \t]+)\S/m.exec(text)?.[1] ?? "  ";
}

export function prototxt(text: string) {
  return new LanguageSupport(language, [
    indentUnit.of(unitOf(text)),
    foldService.of((state, lineStart) => foldFrom(state, lineStart)),
  ]);
}
