/** What a repair changes, line by line. */
import { type ChangeSpec, Text } from "@codemirror/state";

/** Lines that differ, with those around them. */
export interface Hunk {
  /** The number of its first line in the text before, counted from 1. */
  readonly line: number;
  readonly lines: readonly HunkLine[];
}

export interface HunkLine {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** A run of lines that differ; line numbers count from 0, ends are not included. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly added: readonly string[];
}

/** Equal lines that are shown before and after a change. */
const around = 2;

/** The lines in which two texts differ. CodeMirror's diff is loaded when it is first asked for. */
export async function hunksBetween(before: string, after: string): Promise<readonly Hunk[]> {
  const lines = before.split("\n");
  const hunks: { line: number; next: number; lines: HunkLine[] }[] = [];
  for (const { from, to, added } of await runsBetween(before, after)) {
    const last = hunks.at(-1);
    // Changes near each other are shown as one.
    const isNear = last !== undefined && from - last.next <= 2 * around;
    const hunk = isNear ? last : { line: Math.max(0, from - around) + 1, next: Math.max(0, from - around), lines: [] };
    if (last && !isNear) last.lines.push(...same(lines, last.next, last.next + around));
    hunk.lines.push(...same(lines, hunk.next, from));
    hunk.lines.push(...lines.slice(from, to).map((text) => ({ kind: "removed" as const, text })));
    hunk.lines.push(...added.map((text) => ({ kind: "added" as const, text })));
    hunk.next = to;
    if (!isNear) hunks.push(hunk);
  }
  const last = hunks.at(-1);
  last?.lines.push(...same(lines, last.next, last.next + around));
  return hunks.map(({ line, lines }) => ({ line, lines }));
}

/** The changes that make one text of the other; what they leave alone keeps its marks and the caret its place. */
export async function changesBetween(before: string, after: string): Promise<readonly ChangeSpec[]> {
  return (await chunksBetween(asText(before), asText(after))).flatMap(({ fromA, fromB, changes }) =>
    changes.map((each) => ({
      from: fromA + each.fromA,
      to: fromA + each.toA,
      insert: after.slice(fromB + each.fromB, fromB + each.toB),
    })),
  );
}

async function chunksBetween(a: Text, b: Text) {
  const { Chunk } = await import("@codemirror/merge");
  return Chunk.build(a, b, { scanLimit: 2000 });
}

function asText(text: string): Text {
  return Text.of(text.split("\n"));
}

async function runsBetween(before: string, after: string): Promise<readonly Run[]> {
  const [a, b] = [asText(before), asText(after)];
  const line = (text: Text, at: number) => text.lineAt(at).number - 1;
  // The lines that changes touch, not those of chunks: a change may lie at a chunk's edge.
  const touched: { a: [number, number]; b: [number, number] }[] = [];
  for (const { fromA, fromB, changes } of await chunksBetween(a, b)) {
    for (const each of changes) {
      const inA = [line(a, fromA + each.fromA), line(a, fromA + each.toA) + 1] as [number, number];
      const inB = [line(b, fromB + each.fromB), line(b, fromB + each.toB) + 1] as [number, number];
      const last = touched.at(-1);
      if (last && (inA[0] < last.a[1] || inB[0] < last.b[1])) [last.a[1], last.b[1]] = [inA[1], inB[1]];
      else touched.push({ a: inA, b: inB });
    }
  }
  return touched.map(({ a, b }) => trimmed(before.split("\n"), after.split("\n"), a, b)).filter(isChange);
}

/** Without the lines at its start and end that are the same. */
function trimmed(before: readonly string[], after: readonly string[], a: [number, number], b: [number, number]): Run {
  let [from, to, start, end] = [...a, ...b];
  for (; from < to && start < end && before[from] === after[start]; from++) start++;
  for (; from < to && start < end && before[to - 1] === after[end - 1]; to--) end--;
  return { from, to, added: after.slice(start, end) };
}

function isChange({ from, to, added }: Run): boolean {
  return to > from || added.length > 0;
}

function same(lines: readonly string[], from: number, to: number): HunkLine[] {
  return lines.slice(from, to).map((text) => ({ kind: "same", text }));
}
