/**
 * A text on one line: names in files may have line ends, and characters that move the cursor of a terminal. These become
 * their escapes, as `\\n` and `\\u001b`; a tab stays.
 */
export function oneLine(text: string): string {
  return text.replaceAll(unsafe, (character) => {
    return named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

const named: Readonly<Record<string, string>> = { "\r": "\\r", "\n": "\\n" };
const unsafe = /(?!\t)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

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
