/** Control characters other than line ends and tabs, and marks that reverse the direction of a text. */
const unsafe = /(?!\r?\n|\t)[\p{Cc}\p{Bidi_Control}]/gu;

/** A text that is safe on a terminal: a control character becomes its escape, as `\u001b`, also valid in JSON. */
export function escaped(text: string): string {
  return text.replaceAll(unsafe, escapeOf);
}

/** A name in quotes, in one line and safe on a terminal. */
export function quoted(name: string): string {
  return `"${name.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, escapeOf)}"`;
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
