/** Lines `oldStart` to `oldEnd` (exclusive, from 0) of one text became lines `newStart` to `newEnd` of the other. */
interface Change {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/** With more differing lines than this, all lines between the first and the last difference become one change. */
const maxDifferences = 3000;

/**
 * The unified diff from `before` to `after`, as `diff -u` writes it and `patch` and `git apply` read it; empty
 * if they are equal. Lines are matched by Myers' algorithm (An O(ND) difference algorithm, 1986).
 *
 * @param names the names after `---` and `+++`
 * @param context number of equal lines around each change
 */
export function unifiedDiff(
  before: string,
  after: string,
  names: { readonly before: string; readonly after: string },
  context = 3,
): string {
  const [a, b] = [linesOf(before), linesOf(after)];
  const changes = changesOf(a, b);
  if (changes.length === 0) return "";
  const hunks = groupChanges(changes, context).map((changesOfHunk) => formatHunk(a, b, changesOfHunk, context));
  return `--- ${names.before}\n+++ ${names.after}\n${hunks.join("")}`;
}

/** The lines with their line feeds; the last one may have none. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function changesOf(a: readonly string[], b: readonly string[]): readonly Change[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [oldEnd, newEnd] = [a.length, b.length];
  while (oldEnd > start && newEnd > start && a[oldEnd - 1] === b[newEnd - 1]) {
    oldEnd--;
    newEnd--;
  }
  if (start === oldEnd && start === newEnd) return [];
  const changes: Change[] = [];
  let [x, y] = [start, start];
  const add = (nextX: number, nextY: number) => {
    if (nextX > x || nextY > y) changes.push({ oldStart: x, oldEnd: nextX, newStart: y, newEnd: nextY });
  };
  for (const [oldLine, newLine] of commonLines(a.slice(start, oldEnd), b.slice(start, newEnd))) {
    add(start + oldLine, start + newLine);
    [x, y] = [start + oldLine + 1, start + newLine + 1];
  }
  add(oldEnd, newEnd);
  return changes;
}

/** The lines that both texts have, as pairs of their indices, in order; none if more than `maxDifferences` differ. */
function commonLines(a: readonly string[], b: readonly string[]): readonly (readonly [number, number])[] {
  /** By d: the furthest x that a path with d differences reaches on diagonal k = x − y, at index k + d. */
  const furthest: Int32Array[] = [];
  for (let d = 0; d <= Math.min(a.length + b.length, maxDifferences); d++) {
    const reached = new Int32Array(2 * d + 1);
    furthest.push(reached);
    for (let k = -d; k <= d; k += 2) {
      let x = startOf(furthest[d - 1], d, k);
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reached[k + d] = x;
      if (x >= a.length && x - k >= b.length) return trace(furthest, a.length, b.length);
    }
  }
  return [];
}

/** Where diagonal k starts along `a` after d differences: from diagonal k − 1 plus a line of `a`, or from k + 1. */
function startOf(before: Int32Array | undefined, d: number, k: number): number {
  if (!before) return 0;
  return fromAbove(before, d, k) ? (before[k + d] ?? 0) : (before[k + d - 2] ?? 0) + 1;
}

/** Whether the path with d differences came to diagonal k from diagonal k + 1, by adding a line of `b`. */
function fromAbove(before: Int32Array, d: number, k: number): boolean {
  return k === -d || (k !== d && (before[k + d - 2] ?? 0) < (before[k + d] ?? 0));
}

function trace(furthest: readonly Int32Array[], endX: number, endY: number): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let [x, y] = [endX, endY];
  for (let d = furthest.length - 1; d >= 0; d--) {
    const before = furthest[d - 1];
    const k = x - y;
    const start = startOf(before, d, k);
    while (x > start) {
      x--;
      y--;
      pairs.push([x, y]);
    }
    if (!before) break;
    if (fromAbove(before, d, k)) y--;
    else x--;
  }
  return pairs.reverse();
}

/** Groups changes into hunks: changes whose contexts touch go into one. */
function groupChanges(changes: readonly Change[], context: number): readonly (readonly Change[])[] {
  const groups: Change[][] = [];
  for (const change of changes) {
    const last = groups.at(-1)?.at(-1);
    if (last && change.oldStart - last.oldEnd <= 2 * context) groups.at(-1)?.push(change);
    else groups.push([change]);
  }
  return groups;
}

function formatHunk(a: readonly string[], b: readonly string[], changes: readonly Change[], context: number): string {
  const [first, last] = [changes[0], changes.at(-1)];
  if (!first || !last) return "";
  const oldStart = Math.max(0, first.oldStart - context);
  const oldEnd = Math.min(a.length, last.oldEnd + context);
  const newStart = first.newStart - (first.oldStart - oldStart);
  const newEnd = last.newEnd + (oldEnd - last.oldEnd);
  const lines: string[] = [];
  let at = oldStart;
  for (const change of changes) {
    lines.push(...marked(" ", a.slice(at, change.oldStart)));
    lines.push(...marked("-", a.slice(change.oldStart, change.oldEnd)));
    lines.push(...marked("+", b.slice(change.newStart, change.newEnd)));
    at = change.oldEnd;
  }
  lines.push(...marked(" ", a.slice(at, oldEnd)));
  return `@@ -${range(oldStart, oldEnd)} +${range(newStart, newEnd)} @@\n${lines.join("")}`;
}

function marked(mark: string, lines: readonly string[]): readonly string[] {
  return lines.map((line) => mark + (line.endsWith("\n") ? line : `${line}\n\\ No newline at end of file\n`));
}

/** A range of lines, counted from 1. A range without lines is given by the line before it. */
function range(start: number, end: number): string {
  const count = end - start;
  const from = count === 0 ? start : start + 1;
  return count === 1 ? `${from}` : `${from},${count}`;
}
