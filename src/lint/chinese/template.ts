/** A text in both languages; what a rule fills in has a name in braces: `["{layer} has eps {n}", "{layer} 的 eps 为 {n}"]`. */
export type Pair = readonly [english: string, chinese: string];

/** What the Chinese lint speaks of one rule. */
export interface ChineseRule {
  /** What the rule looks for, in one line. */
  readonly summary: string;
  /** The sentences and clauses of its messages and whys. */
  readonly texts: readonly Pair[];
}

/** A text between placeholders, or a placeholder. */
type Segment = { readonly text: string } | { readonly index: number };

/** A pair, taken apart. */
export interface Template {
  /** The English before, between and behind the placeholders: one more than these. */
  readonly literals: readonly [string, ...string[]];
  readonly placeholders: readonly Placeholder[];
  readonly chinese: readonly Segment[];
  /** The number of letters of the literals: of several templates that fit, the longest counts. */
  readonly length: number;
}

export interface Placeholder {
  /** `n…` is a number, `layer…` a layer's label; in quotes stands a name without quotes; all others are anything. */
  readonly kind: "number" | "layer" | "name" | "any";
  /** Whether the value is a name, an error that a layer wrote, or a piece of the text, which is the same in every language. */
  readonly isVerbatim: boolean;
}

/** Takes a pair apart. Names in braces with spaces, as in `param { name }`, are text. */
export function templateOf([english, chinese]: Pair): Template {
  const [first = "", ...rest] = english.split(/\{\w+\}/);
  const literals = [first, ...rest] as const;
  const names = [...english.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const placeholders = names.map((name, index): Placeholder => {
    const isWithin = (quote: string) => literals[index]?.endsWith(quote) && literals[index + 1]?.startsWith(quote);
    const isName = isWithin('"') === true;
    const kind = isName ? "name" : /^n\d*$/.test(name) ? "number" : /^layer\d*$/.test(name) ? "layer" : "any";
    return { kind, isVerbatim: isName || isWithin("'") === true || /^(?:error|text)/.test(name) };
  });
  const segments = chinese.split(/(\{\w+\})/).map((part): Segment => {
    const index = /^\{\w+\}$/.test(part) ? names.indexOf(part.slice(1, -1)) : -1;
    return index < 0 ? { text: part } : { index };
  });
  return { literals, placeholders, chinese: segments, length: literals.join("").length };
}

/** What a template took of a text: its placeholders' values, and the place behind. */
export interface Match {
  readonly template: Template;
  readonly values: readonly string[];
  readonly end: number;
}

/**
 * The template at a place of a text. A placeholder takes the shortest value of its kind that leaves no quote open. Each literal is
 * looked for once, from the left, so that the time is linear, whatever names are in the text.
 *
 * @param endOfOpen where a placeholder ends that nothing follows in the template
 */
export function matchAt(
  template: Template,
  text: string,
  at: number,
  endOfOpen: (from: number) => number,
): Match | undefined {
  const { literals, placeholders } = template;
  if (!text.startsWith(literals[0], at)) return undefined;
  const values: string[] = [];
  let here = at + literals[0].length;
  for (const [index, { kind }] of placeholders.entries()) {
    const next = literals[index + 1] ?? "";
    const end =
      kind === "number" ? endOfNumber(text, here) : next === "" ? endOfOpen(here) : endOfValue(text, here, kind, next);
    if (end === undefined || end < here || !accepts(kind, text, here, end) || !text.startsWith(next, end))
      return undefined;
    values.push(text.slice(here, end));
    here = end + next.length;
  }
  return { template, values, end: here };
}

function endOfValue(text: string, from: number, kind: Placeholder["kind"], next: string): number | undefined {
  if (kind === "name") return text.indexOf('"', from);
  let unbalanced: number | undefined;
  let isOpen = false;
  let seen = from;
  for (let end = text.indexOf(next, from); end >= 0; end = text.indexOf(next, end + 1)) {
    for (; seen < end; seen++) if (text[seen] === '"') isOpen = !isOpen;
    if (!accepts(kind, text, from, end)) continue;
    if (!isOpen) return end;
    unbalanced ??= end;
  }
  return unbalanced;
}

const number = /(?:[-−+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?|nan|-?inf)\b/iy;

function endOfNumber(text: string, from: number): number | undefined {
  number.lastIndex = from;
  return number.test(text) ? number.lastIndex : undefined;
}

function accepts(kind: Placeholder["kind"], text: string, from: number, end: number): boolean {
  return kind !== "layer" || (text.startsWith('layer "', from) && text[end - 1] === ")");
}
