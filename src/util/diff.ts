import { structuredPatch } from "diff";

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
