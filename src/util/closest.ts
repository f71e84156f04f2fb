/**
 * The name that was probably meant: the same in other case, else the closest, else the only one that begins with `name`;
 * undefined if there is none.
 */
export function meant(name: string, names: Iterable<string>): string | undefined {
  const all = [...names];
  const small = name.toLowerCase();
  const same = all.find((other) => other.toLowerCase() === small);
  const longer = name.length < 4 ? [] : all.filter((other) => other.toLowerCase().startsWith(small));
  return same ?? closest(name, all) ?? (longer.length === 1 ? longer[0] : undefined);
}

/** `; did you mean "ReLU"?`, or nothing where no name of `names` is close. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const close = meant(name, names);
  return hintAt(close === undefined ? undefined : `"${close}"`);
}

/** `; did you mean --model?`, with the name as it is to be shown; empty for `undefined`. */
export function hintAt(shown: string | undefined): string {
  return shown === undefined ? "" : `; did you mean ${shown}?`;
}

/**
 * The one name with the least edit distance from `name`: at most 1 for a `name` of 4 to 8 characters, at most 2 for a longer one;
 * undefined if there is none, or more than one.
 */
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

/** The edit distance of two names (Damerau-Levenshtein); a number above `limit` if it is greater than `limit`. */
function editDistance(left: string, right: string, limit: number): number {
  let same = 0;
  while (same < left.length && left[same] === right[same]) same++;
  const [a, b] = [left.slice(same), right.slice(same)];
  if (a === "" || b === "") return a.length + b.length;
  if (limit === 0 || Math.abs(a.length - b.length) > limit) return limit + 1;
  const isSwapped = a[0] === b[1] && a[1] === b[0];
  const after = (inA: number, inB: number) => 1 + editDistance(a.slice(inA), b.slice(inB), limit - 1);
  return Math.min(after(1, 1), after(1, 0), after(0, 1), isSwapped ? after(2, 2) : limit + 1);
}
