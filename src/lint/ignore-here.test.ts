import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lintContext } from "../../test/lint.js";
import { applyEdits } from "./edits.js";
import { ignoreHere } from "./ignore-here.js";
import { lintText } from "./lint.js";
import { rules } from "./rules/index.js";

const findingsOf = (text: string) => lintText(text, undefined, rules, {}, lintContext());
const ignored = (text: string, rule: string, line: number, column = 2) => {
  const found = ignoreHere(text, { rule, line, column, endLine: line, endColumn: column });
  return found && applyEdits(text, [found.edit]);
};

test("the comment stands on a line of its own before what it is for, with its indentation and line ends", () => {
  expect(ignored('layer {\r\n  type: "ReLU"\r\n}\r\n', "unused-top", 2)).toBe(
    'layer {\r\n  # moka-ignore unused-top\r\n  type: "ReLU"\r\n}\r\n',
  );
  expect(ignored("\ufeffname: 'x'", "a-b", 1)).toBe("\ufeff# moka-ignore a-b\nname: 'x'");
});

test("what a file lacks as a whole is ignored in the file", () => {
  expect(ignored("base_lr: 1\n", "solver-parameters", 1, 1)).toBe("# moka-ignore-file solver-parameters\nbase_lr: 1\n");
});

test("where a comment has no effect, or one on the whole file, there is no edit", () => {
  expect(ignored("name: 'x'\n}\n", "text-syntax", 2)).toBeUndefined();
  expect(ignored("name: 'x'\n# the end\n", "text-syntax", 2)).toBeUndefined();
  expect(ignored("", "text-syntax", 9)).toBeUndefined();
});

test("each finding of test/cases is gone after its edit, and no other comes", async () => {
  const folder = new URL("../../test/cases/", import.meta.url);
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".prototxt"));
  let count = 0;
  for (const path of paths) {
    const text = readFileSync(new URL(path, folder), "utf8");
    if (text.length > 20_000) continue;
    const before = await findingsOf(text);
    for (const finding of before.slice(0, 6)) {
      const { rule, line, message } = finding;
      const ignoring = ignoreHere(text, finding);
      if (!ignoring) continue;
      const edited = applyEdits(text, [ignoring.edit]);
      count++;
      const after = await findingsOf(edited);
      const isThere = after.some((each) => each.rule === rule && each.line === line + 1);
      expect(isThere, `${path}: ${message}`).toBe(false);
      expect(after.length, path).toBeLessThan(before.length);
    }
  }
  expect(count).toBeGreaterThan(20);
});
