import fc from "fast-check";
import { expect, test } from "vitest";
import { editsBetween, unifiedDiff } from "./diff.js";

const names = { before: "a/net", after: "b/net" };

/** Applies a diff to a text as `patch` does; throws if a line of the text is not the one in the diff. */
function patched(before: string, diff: string): string {
  const lines = before.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const result: string[] = [];
  let at = 0;
  const rows = diff.split("\n").slice(2, -1);
  for (const [i, row] of rows.entries()) {
    const [, from = "", count = "1"] = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/.exec(row) ?? [];
    const mark = row[0];
    if (mark === "@") {
      const start = Number(from) - (count === "0" ? 0 : 1);
      result.push(...lines.slice(at, start));
      at = start;
    } else if (mark !== "\\") {
      const line = row.slice(1) + (rows[i + 1]?.startsWith("\\") ? "" : "\n");
      if (mark !== "+") expect(lines[at++]).toBe(line);
      if (mark !== "-") result.push(line);
    }
  }
  return [...result, ...lines.slice(at)].join("");
}

test("applying a diff gives the new text", () => {
  const line = fc.constantFrom("a", "b", "c", "", "layer {", "a\r");
  const text = fc
    .tuple(fc.array(line, { maxLength: 25 }), fc.constantFrom("", "\n"))
    .map(([lines, end]) => lines.join("\n") + end);
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = unifiedDiff(before, after, names);
      expect(diff === "").toBe(before === after);
      expect(patched(before, diff)).toBe(after);
    }),
    { numRuns: 1000 },
  );
});

test("a change has three lines before it and three after it, and is counted from 1", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  expect(unifiedDiff(before, before.replace("5\n", "five\n5½\n"), names)).toBe(`--- a/net
+++ b/net
@@ -2,7 +2,8 @@
 2
 3
 4
-5
+five
+5½
 6
 7
 8
`);
});

test("distant changes are separate hunks, with the least number of changed lines", () => {
  const before = Array.from({ length: 30 }, (_, i) => `line ${i}\n`);
  const after = before.map((line, i) => (i === 3 || i === 25 ? `new ${line}` : line));
  const diff = unifiedDiff(before.join(""), after.join(""), names);
  expect(diff.match(/^@@.*$/gm)).toEqual(["@@ -1,7 +1,7 @@", "@@ -23,7 +23,7 @@"]);
  expect(diff.match(/^[-+](?![-+])/gm)?.length).toBe(4);
});

test("a missing newline at the end is marked", () => {
  expect(unifiedDiff("a", "a\n", names)).toBe(
    "--- a/net\n+++ b/net\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
  );
  expect(unifiedDiff("", "a\n", names)).toContain("@@ -0,0 +1 @@\n+a\n");
});

test("texts that differ in thousands of lines are compared fast", () => {
  const before = Array.from({ length: 20_000 }, (_, i) => `a ${i}\n`).join("");
  const after = before.replaceAll("a", "b");
  for (const [from, to] of [
    [before, after],
    [before, ""],
    ["", after],
  ] as const) {
    expect(patched(from, unifiedDiff(from, to, names))).toBe(to);
  }
});

test("edits between two texts make the one of the other, in order, and divide no character and no line end", () => {
  const line = fc.constantFrom("a", "b", "ab", "", "layer {", "a\r", "😀", "😁", "x😀y", "\r");
  const text = fc
    .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
    .map(([lines, ended]) => lines.join("\n") + (ended ? "\n" : ""));
  const isWhole = (text: string, at: number) =>
    !/^(?:\r\n|[\ud800-\udbff][\udc00-\udfff])$/.test(text.slice(at - 1, at + 1));
  fc.assert(
    fc.property(text, text, (before, after) => {
      let [at, made] = [0, ""];
      for (const { start, end, replacement } of editsBetween(before, after)) {
        expect(start).toBeGreaterThanOrEqual(at);
        expect([isWhole(before, start), isWhole(before, end)]).toEqual([true, true]);
        made += before.slice(at, start) + replacement;
        at = end;
      }
      expect(made + before.slice(at)).toBe(after);
    }),
  );
});

test("an edit has only what differs", () => {
  expect(editsBetween("a: 1\nlr: 0.1\nb: 2\n", "a: 1\nlr: 0.01\nb: 2\nc: 3\n")).toEqual([
    { start: 11, end: 11, replacement: "0" },
    { start: 18, end: 18, replacement: "c: 3\n" },
  ]);
  const [before, after] = ["a\n", "b\n"].map((line) => Array.from({ length: 5000 }, (_, i) => i + line).join(""));
  expect(editsBetween(before, after)).toHaveLength(1);
});
