// What a new lint rule has: its row, its test, its page.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { rules } from "../../src/lint/rules/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, "utf8");
const ids = rules.map(({ id }) => id);

test("every file of src/lint/rules is a rule of that name, with its row", () => {
  const files = readdirSync(`${root}src/lint/rules`).filter((name) => !/^index\.ts$|\.test\.ts$/.test(name));
  expect(files.map((name) => name.replace(/\.ts$/, "")).sort()).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(ids)("%s has a test with good and bad examples, and a page with all that a page has", (id) => {
  const path = `src/lint/rules/${id}.test.ts`;
  expect(existsSync(`${root}${path}`)).toBe(true);
  const name = id.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  expect(read(`src/lint/rules/${id}.ts`)).toContain(`export const ${name}: Rule = {`);
  expect(read(path)).toMatch(
    new RegExp(`^testRule\\(${name}, \\{$[\\s\\S]*^ {2}good: \\{$[\\s\\S]*^ {2}bad: \\{$`, "m"),
  );
  const page = read(`docs/lint/${id}.md`);
  expect(page.split("\n")[0]).toBe(`# ${id}`);
  expect(page.match(/^## .*$/gm)).toEqual(["## Why", "## What Caffe does", "## How to fix it"]);
});

test.each(ids)("%s has a page that says how bad it is and whether there is a repair, with an example", (id) => {
  const [, first = "", ...sections] = read(`docs/lint/${id}.md`).split(/^##? .*$/m);
  expect(first).toMatch(/\b(error|warning|info)\b/i);
  expect(first).toMatch(/moka fix|no repair/);
  expect(first).toContain("```prototxt\n");
  for (const section of sections) expect(section.trim().length).toBeGreaterThan(40);
  const links = [...read(`docs/lint/${id}.md`).matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => link);
  expect(links.filter((link) => !existsSync(`${root}docs/lint/${link}`))).toEqual([]);
});

test("summaries are one line, without a full stop", () => {
  for (const { summary } of rules) expect(summary).toMatch(/^[^\n|]{10,140}[^.\n|]$/);
});

test("docs/lint.md lists the rules; npm run docs brings it up to date", () => {
  const rows = read("docs/lint.md").match(/^\| \[.*$/gm);
  expect(rows).toEqual(
    rules.map(({ id, severity, summary }) => `| [${id}](lint/${id}.md) | ${severity} | ${summary} |`),
  );
});

test("there is no page of a rule that is gone", () => {
  const pages = readdirSync(`${root}docs/lint`).map((name) => name.replace(/\.md$/, ""));
  expect(pages.filter((id) => !ids.includes(id))).toEqual([]);
});

test("the package has the pages, which moka lint --explain prints", () => {
  expect(JSON.parse(read("package.json")).files).toContain("docs/lint");
});
