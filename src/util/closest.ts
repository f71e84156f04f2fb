/** The one name with the least edit distance from `name`: at most 1, or 2 from 9 characters on; undefined if none. */
export function closest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = name.length < 4 ? 1 : name.length < 9 ? 2 : 3;
  for (const candidate of names) {
    const count = editDistance(name, candidate, bestDistance);
    if (count > bestDistance || isSibling(name, candidate)) continue;
    best = count < bestDistance ? candidate : undefined;
    bestDistance = count;
  }
  return best;
}

/** Whether two names differ only in short words, so that neither is a typo of the other: `pad_l` and `pad_h`. */
function isSibling(a: string, b: string): boolean {
  const [left, right] = [a.split("_"), b.split("_")];
  return left.length === right.length && left.every((word, i) => isDistinctWord(word, right[i] ?? ""));
}

function isDistinctWord(a: string, b: string): boolean {
  if (a === b) return true;
  return Math.max(a.length, b.length) <= 4 && (a[0] !== b[0] || editDistance(a, b, 1) > 1);
}

/** The edit distance of `a` and `b` (Damerau-Levenshtein); a number above `limit` if it is greater than `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let rowBefore: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let count = Math.min(substituted, at(row, j) + 1, at(next, j - 1) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) count = Math.min(count, at(rowBefore, j - 2) + 1);
      next.push(count);
    }
    rowBefore = row;
    row = next;
  }
  return at(row, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
