/** Control characters, marks that reverse the direction of a text, and Unicode's line ends. */
const unsafe = /(?!\t)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const named: Readonly<Record<string, string>> = { "\r": "\\r", "\n": "\\n" };

/** A text that is safe on a terminal: a control character becomes its escape, as `\u001b`, also valid in JSON. Line ends stay. */
export function escaped(text: string): string {
  return text.replaceAll(/\r?\n|[^\r\n]+|\r/g, (part) => (part.endsWith("\n") ? part : oneLine(part)));
}

/**
 * A text on one line: names in files may have line ends, and characters that move the cursor of a terminal. These become
 * their escapes, as `\\n` and `\\u001b`; a tab stays.
 */
export function oneLine(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    return named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A name in quotes, on one line. */
export function quoted(name: string): string {
  return `"${oneLine(name)}"`;
}

/** A copy of plain data with each text in it on one line. Typed arrays stay as they are. */
export function onOneLine<T>(data: T): T {
  return each(data) as T;
}

function each(value: unknown): unknown {
  if (typeof value === "string") return oneLine(value);
  if (Array.isArray(value)) return value.map(each);
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [oneLine(key), each(inner)]));
}
