/** The one name that is a slip away, or two in a long name: a letter wrong, missing, too many, or swapped. */
export function closest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = name.length < 4 ? 1 : name.length < 9 ? 2 : 3;
  for (const candidate of names) {
    const count = slips(name, candidate, least);
    if (count > least || isSibling(name, candidate)) continue;
    best = count < least ? candidate : undefined;
    least = count;
  }
  return best;
}

/** Whether two names differ only in words so short that it tells them apart: `pad_l` is no slip for `pad_h`. */
function isSibling(a: string, b: string): boolean {
  const [left, right] = [a.split("_"), b.split("_")];
  return left.length === right.length && left.every((word, i) => isOtherWord(word, right[i] ?? ""));
}

function isOtherWord(a: string, b: string): boolean {
  if (a === b) return true;
  return Math.max(a.length, b.length) <= 4 && (a[0] !== b[0] || slips(a, b, 1) > 1);
}

/** How many slips lead from `a` to `b`, or more than `most` if there are more (Damerau and Levenshtein's distance). */
function slips(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let count = Math.min(substituted, at(row, j) + 1, at(next, j - 1) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) count = Math.min(count, at(before, j - 2) + 1);
      next.push(count);
    }
    before = row;
    row = next;
  }
  return at(row, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
