/** A number with its noun: `1 top`, `3 tops`, `0 axes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** The first `most` items in a sentence, and the number of the others: `a, b and 3 more`. */
export function listed(items: readonly string[], most: number): string {
  const shown = items.slice(0, most).join(", ");
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

/** A space with what follows it up to where a line may break: the next space, or the next Chinese character, with the stops behind it. */
const unbroken =
  / ?(?:[\u2e80-\u9fff\uff00-\uffef][\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f]*|[^ \u2e80-\u9fff\uff00-\uffef]+|$)/g;

/** Lines of at most `width` columns, broken at spaces and between Chinese characters, which take two columns each. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let used = 0;
  for (const [part] of text.matchAll(unbroken)) {
    const columns = part.length + (part.match(/[\u2e80-\u9fff\uff00-\uffef]/g)?.length ?? 0);
    if (lines.length > 0 && used + columns <= width) lines[lines.length - 1] += part;
    else lines.push(part.trimStart());
    used = lines.at(-1) === part.trimStart() ? columns : used + columns;
  }
  return lines;
}
