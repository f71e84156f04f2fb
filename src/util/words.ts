/** A number with its noun: `1 top`, `3 tops`, `0 axes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** The first `most` items in a sentence, and the number of the others: `a, b and 3 more`. */
export function listed(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(", ");
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

/** What a line is not broken within: a word, or a Chinese character with the stops behind it; with the space before. */
const unbroken =
  / ?(?:[\u2e80-\u9fff\uff00-\uffef][\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f]*|[^ \u2e80-\u9fff\uff00-\uffef]+[\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f]*)|^$/g;

/** Lines of at most `width` columns, broken at spaces and between Chinese characters, which take two columns each. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const [part] of text.matchAll(unbroken)) {
    const last = lines.at(-1);
    if (last !== undefined && columnsOf(last) + columnsOf(part) <= width) lines[lines.length - 1] = last + part;
    else lines.push(part.trimStart());
  }
  return lines;
}

function columnsOf(text: string): number {
  return text.length + (text.match(/[\u2e80-\u9fff\uff00-\uffef]/g)?.length ?? 0);
}
