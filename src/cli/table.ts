/** Columns of a table, in columns of a terminal. */
export interface Columns {
  readonly widths: readonly number[];
  /** Between two columns. */
  readonly gap: number;
  /** From this column on, texts stand at the right. */
  readonly right: number;
}

/** The lines of a row. Each cell has as many lines as its texts take in the width of its column. */
export function rowLines(
  row: readonly (readonly string[])[],
  { widths, gap, right }: Columns,
  style = (text: string) => text,
): string[] {
  const cells = row.map((texts, i) => texts.flatMap((text) => wrap(text, widths[i] ?? 1)));
  const count = cells.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: count }, (_, line) => {
    const padded = cells.map((lines, i) => {
      const text = lines[line] ?? "";
      const blanks = " ".repeat(Math.max(0, (widths[i] ?? 0) - widthOf(text)));
      return i < right ? style(text) + blanks : blanks + style(text);
    });
    return padded.join(" ".repeat(gap)).trimEnd();
  });
}

/** Columns of a terminal; most characters of East Asian scripts take two. */
export function widthOf(text: string): number {
  const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/gu;
  return /^[\x20-\x7e]*$/.test(text) ? text.length : [...text].length + (text.match(wide) ?? []).length;
}

/** Lines of at most `width` columns, broken after a separator if there is one. */
function wrap(name: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const character of name) {
    if (line !== "" && widthOf(line + character) > width) {
      const end = line.search(/[/_.-][^/_.-]*$/) + 1 || line.length;
      lines.push(line.slice(0, end));
      line = line.slice(end);
    }
    line += character;
  }
  return [...lines, line];
}
