import { grouped } from "../../util/grouped.js";
import { clauses, words } from "./shared.js";
import { type Match, matchAt, type Pair, type Template, templateOf } from "./template.js";

/** Templates by their first letter, "" for those that begin with a placeholder; those with the most letters first. */
type Index = ReadonlyMap<string, readonly Template[]>;

interface Book {
  /** The sentences and clauses of a rule. */
  readonly clauses: Index;
  /** Labels, counts and the like. */
  readonly words: Index;
}

export interface Translation {
  readonly text: string;
  /** The English that no template covers. It is in `text` as it was. */
  readonly left: readonly string[];
}

/** The templates of a rule, with those that all rules share. */
export function bookOf(texts: readonly Pair[]): Book {
  return { clauses: indexOf([...texts, ...clauses]), words: wordIndex };
}

function indexOf(pairs: readonly Pair[]): Index {
  const templates = pairs.map(templateOf).sort((a, b) => b.length - a.length);
  return grouped(templates, ({ literals: [first] }) => first.charAt(0));
}

const wordIndex = indexOf(words);

/**
 * Translates a text part by part, from the left. At each place the longest sentence or clause counts that begins with a text,
 * else the longest that begins with a placeholder, else a word. The values of placeholders are translated in the same way.
 */
export function translate(text: string, book: Book): Translation {
  return translatePart(text, book, 0);
}

/** Placeholders within placeholders; more of them are no text of a rule. */
const deepest = 6;

function translatePart(text: string, book: Book, depth: number): Translation {
  if (depth > deepest) return { text, left: [] };
  let done = "";
  let start = 0;
  let isStart = true;
  const left: string[] = [];
  const keep = (end: number) => {
    const gap = text.slice(start, end);
    if (isEnglish(gap, depth)) left.push(gap.trim());
    done = joined(done, gap);
  };
  for (let at = 0; at < text.length; ) {
    const match = partAt(text, at, book, isStart, depth);
    if (!match) {
      isStart &&= text[at] === " ";
      at = behind(text, at);
      continue;
    }
    keep(at);
    const values = match.values.map((value, index) => {
      if (match.template.placeholders[index]?.isVerbatim) return value;
      const part = translatePart(value, book, depth + 1);
      left.push(...part.left);
      return part.text;
    });
    for (const segment of match.template.chinese) {
      done = joined(done, "text" in segment ? segment.text : (values[segment.index] ?? ""));
    }
    at = match.end;
    start = at;
    isStart = true;
  }
  keep(text.length);
  return { text: done, left };
}

/**
 * @param isStart whether nothing untranslated stands before the place
 * @param depth 0: not the value of a placeholder. Words are not translated there: within English they would make it hard to read
 */
function partAt(text: string, at: number, book: Book, isStart: boolean, depth: number): Match | undefined {
  const letter = text.charAt(at);
  const find = (templates: readonly Template[] = []) => {
    for (const template of templates) {
      if (!isWord(text, at, template)) continue;
      const match = matchAt(template, text, at, (from) => endOfClause(text, from, book));
      if (match && match.end > at) return match;
    }
    return undefined;
  };
  const clause = find(book.clauses.get(letter)) ?? (isStart ? find(book.clauses.get("")) : undefined);
  if (clause || depth === 0) return clause;
  // Words that begin with a placeholder begin with a number.
  return find(book.words.get(letter)) ?? (/\d/.test(letter) ? find(book.words.get("")) : undefined);
}

/** A placeholder at the end of a template goes on to the next clause, or to the end of the text. */
function endOfClause(text: string, from: number, book: Book): number {
  for (let at = behind(text, from); at < text.length; at = behind(text, at)) {
    const begins = (template: Template) =>
      isWord(text, at, template) && matchAt(template, text, at, () => text.length) !== undefined;
    if (book.clauses.get(text.charAt(at))?.some(begins)) return at - (text[at - 1] === " " ? 1 : 0);
  }
  return text.length;
}

/** Whether a template may begin here: not within a word or number. */
function isWord(text: string, at: number, { literals: [first] }: Template): boolean {
  return at === 0 || (first !== "" && !/^\w/.test(first)) || !/[\w.]/.test(text[at - 1] ?? "");
}

/** The next place: behind a quoted name, within which nothing is translated, or behind one letter. */
function behind(text: string, at: number): number {
  const end = text[at] === '"' ? text.indexOf('"', at + 1) : -1;
  return (end < 0 ? at : end) + 1;
}

/** Whether what no template covers is a part of a sentence: in the value of a placeholder, one word may be a name. */
function isEnglish(gap: string, depth: number): boolean {
  const outside = gap.replace(/"[^"]*"/g, "");
  return depth === 0 ? /\w/.test(outside) : /\b[a-z]{2,} [a-z]{2,}\b/.test(outside);
}

const wide = /[\u2e80-\u9fff\uff00-\uffef]/;
const wideStop = /[\u3000-\u303f\uff00-\uffef]/;
const narrow = /[\w%]/;

/** Two parts in a row: a space between Chinese and Latin letters, none between Chinese characters or beside a full-width stop. */
function joined(a: string, b: string): string {
  if (a === "" || b === "") return a + b;
  const left = a.endsWith(" ") ? a.slice(0, -1) : a;
  const right = b.startsWith(" ") ? b.slice(1) : b;
  const [last, next] = [left.at(-1) ?? "", right[0] ?? ""];
  if (wideStop.test(last) || wideStop.test(next)) return left + right;
  if (wide.test(last) && wide.test(next)) return left + right;
  const meet = (wide.test(last) && narrow.test(next)) || (narrow.test(last) && wide.test(next));
  return meet ? `${left} ${right}` : a + b;
}
