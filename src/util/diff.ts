import { diffLines, structuredPatch } from "diff";

/** With more differing lines than this, the diff removes all lines and adds all new ones. */
const maxDifferences = 3000;

/**
 * The unified diff from `before` to `after`, as `diff -u` writes it and `patch` and `git apply` read it, with three
 * equal lines around each change; empty if they are equal.
 *
 * @param names the names after `---` and `+++`
 */
export function unifiedDiff(
  before: string,
  after: string,
  names: { readonly before: string; readonly after: string },
): string {
  if (before === after) return "";
  const hunks = hunksOf(before, after, maxDifferences) ?? [everyLine(before, after)];
  // The library's own formatter would quote the names, and write counts of 1.
  const formatted = hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) =>
    [`@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`, ...lines, ""].join("\n"),
  );
  return `--- ${names.before}\n+++ ${names.after}\n${formatted.join("")}`;
}

function hunksOf(before: string, after: string, maxEditLength = Number.POSITIVE_INFINITY) {
  return structuredPatch("", "", before, after, undefined, undefined, { context: 3, maxEditLength })?.hunks;
}

/** A hunk that replaces every line. */
function everyLine(before: string, after: string) {
  const [removed, added] = [hunksOf(before, "")?.[0], hunksOf("", after)?.[0]];
  const lines = [...(removed?.lines ?? []), ...(added?.lines ?? [])];
  return { oldStart: 1, oldLines: removed?.oldLines ?? 0, newStart: 1, newLines: added?.newLines ?? 0, lines };
}

/** A range of lines, counted from 1. A range without lines is given by the line before it. */
function range(start: number, count: number): string {
  return count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;
}

/** `text.slice(start, end)` becomes `replacement`. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/**
 * The edits that make `after` of `before`, in order: one for each run of lines that differ, without what is equal at both its ends.
 * None divides a pair of UTF-16 units or a `\r\n`.
 */
export function editsBetween(before: string, after: string): readonly Change[] {
  const edits: Change[] = [];
  let [start, end, replacement] = [0, 0, ""];
  const finish = () => {
    if (start < end || replacement !== "") edits.push(trimmed(before, { start, end, replacement }));
    start = end;
    replacement = "";
  };
  const parts = diffLines(before, after, { maxEditLength: maxDifferences }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  for (const { value, added, removed } of parts) {
    if (added) replacement += value;
    else if (removed) end += value.length;
    else {
      finish();
      end += value.length;
      start = end;
    }
  }
  finish();
  return edits;
}

function trimmed(text: string, { start, end, replacement }: Change): Change {
  const most = Math.min(end - start, replacement.length);
  let head = 0;
  while (head < most && text[start + head] === replacement[head]) head++;
  if (divides(text, start + head) || divides(replacement, head)) head--;
  let tail = 0;
  while (tail < most - head && text[end - tail - 1] === replacement[replacement.length - tail - 1]) tail++;
  if (divides(text, end - tail) || divides(replacement, replacement.length - tail)) tail--;
  return {
    start: start + head,
    end: end - tail,
    replacement: replacement.slice(head, replacement.length - tail),
  };
}

/** Whether a place is within a `\r\n`, or within a character of two UTF-16 units. */
function divides(text: string, at: number): boolean {
  return /^(?:\r\n|[\ud800-\udbff][\udc00-\udfff])/.test(text.slice(Math.max(at - 1, 0), at + 1)) && at > 0;
}
