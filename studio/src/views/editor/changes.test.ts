import { ChangeSet, Text } from "@codemirror/state";
import fc from "fast-check";
import { expect, test } from "vitest";
import { changesBetween, hunksBetween } from "./changes.js";

const marks = { same: " ", removed: "-", added: "+" };
const shown = async (before: string, after: string) => {
  const hunks = await hunksBetween(before, after);
  return hunks.map(({ line, lines }) => [line, ...lines.map(({ kind, text }) => marks[kind] + text)]);
};

test("changed lines, with two around them", async () => {
  const before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk";
  expect(await shown(before, before.replace("c", "C").replace("e\n", "").replace("k", "k\nl"))).toEqual([
    [1, " a", " b", "-c", "-d", "-e", "+C", "+d", " f", " g"],
    [10, " j", " k", "+l"],
  ]);
  expect(await shown("a", "a")).toEqual([]);
  expect(await shown("", "a")).toEqual([[1, "-", "+a"]]);
});

test("the lines of the hunks make one text of the other", async () => {
  const text = fc.array(fc.constantFrom("a", "b", "", "c {"), { minLength: 1, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(text, text, async (before, after) => {
      const lines: string[] = [...before];
      let moved = 0;
      for (const { line, lines: hunk } of await hunksBetween(before.join("\n"), after.join("\n"))) {
        const old = hunk.filter(({ kind }) => kind !== "added").map(({ text }) => text);
        const start = line - 1 + moved;
        expect(lines.slice(start, start + old.length)).toEqual(old);
        const now = hunk.filter(({ kind }) => kind !== "removed").map(({ text }) => text);
        lines.splice(start, old.length, ...now);
        moved += now.length - old.length;
      }
      expect(lines.join("\n")).toBe(after.join("\n"));
      const changes = await changesBetween(before.join("\n"), after.join("\n"));
      const doc = Text.of(before);
      expect(
        ChangeSet.of([...changes], doc.length)
          .apply(doc)
          .toString(),
      ).toBe(after.join("\n"));
    }),
    // Chunks without lines.
    {
      numRuns: 300,
      examples: [
        [
          ["", "", "a", "a"],
          ["", "a", "a"],
        ],
      ],
    },
  );
});
