// What a new lint rule has: its row, its test, its page.
import { expect, test } from "vitest";
import { rules } from "../../src/lint/rules/index.js";
import { pageComplaints, ruleComplaints, ruleSourceComplaints } from "./registers.js";
import { complaintsOf, differences, expectNone, type Tree, tree, treeWith } from "./tree.js";

const ids = rules.map(({ id }) => id);

test("every rule has its row, its test and its page", () => expectNone(ruleComplaints(tree, ids)));

test.each(ids)("%s has a test with good and bad examples", (id) => expectNone(ruleSourceComplaints(tree, id)));

test.each(ids)("%s has a page that says how bad it is and whether there is a repair, with an example", (id) => {
  expectNone(pageComplaints(tree, id));
});

test("what is said of a rule that lacks something", () => {
  const check = (files: Tree) => ruleComplaints(files, ids);
  expect(complaintsOf(check, { "src/lint/rules/no-rule.ts": "" })).toEqual([
    "src/lint/rules/no-rule.ts has no row in src/lint/rules/index.ts",
    "src/lint/rules/no-rule.ts has no test no-rule.test.ts",
  ]);
  expect(ruleComplaints(tree, [...ids, "no-rule"])).toEqual(
    expect.arrayContaining([
      "src/lint/rules/index.ts has a row for src/lint/rules/no-rule.ts, which is not there",
      "rule no-rule has no page docs/lint/no-rule.md",
      "rule no-rule has no texts in Chinese, src/lint/chinese/no-rule.ts",
      "rule no-rule has no row in src/lint/chinese/index.ts",
    ]),
  );
  expect(complaintsOf(check, { "docs/lint/no-rule.md": "" })).toEqual([
    "docs/lint/no-rule.md is the page of no rule in src/lint/rules/index.ts",
  ]);
  const id = "bias-before-bn";
  expect(
    ruleSourceComplaints(treeWith({ [`src/lint/rules/${id}.ts`]: "", [`src/lint/rules/${id}.test.ts`]: "" }), id),
  ).toEqual([
    `src/lint/rules/${id}.ts does not export biasBeforeBn: Rule`,
    `src/lint/rules/${id}.test.ts does not call testRule(biasBeforeBn, { good: {…}, bad: {…} })`,
  ]);
  const page = `docs/lint/${id}.md`;
  const text = tree.read(page);
  const complaints = (from: string | RegExp, to: string) =>
    pageComplaints(treeWith({ [page]: text.replace(from, to) }), id);
  expect(pageComplaints(treeWith({ [page]: undefined }), id)).toEqual([`rule ${id} has no page ${page}`]);
  expect(complaints(/^# .*/, "# Bias")).toEqual([`${page} does not begin with the heading # ${id}`]);
  expect(complaints("## Why", "## Because")[0]).toMatch(
    /^docs\/lint\/bias-before-bn\.md does not have just these headings/,
  );
  expect(complaints("```prototxt", "```")).toEqual([
    `${page} has no example in its first section, in a block of prototxt`,
  ]);
  expect(complaints(/(## Why\n)[\s\S]*(## What)/, "$1\n$2")).toEqual([`${page} has a section that says nothing`]);
  expect(complaints(/$/, "[other](other.md)")).toEqual([`${page} has a link to other.md, which is not there`]);
});

test("summaries are one line, without a full stop", () => {
  const wrong = rules.filter(({ summary }) => !/^[^\n|]{10,140}[^.\n|]$/.test(summary));
  expectNone(wrong.map(({ id }) => `the summary of ${id} is not one line of 11 to 141 letters without a full stop`));
});

test("docs/lint.md lists the rules", () => {
  const rows = rules.map(({ id, severity, summary }) => `| [${id}](lint/${id}.md) | ${severity} | ${summary} |`);
  const listed = tree.read("docs/lint.md").match(/^\| \[.*$/gm) ?? [];
  expectNone(
    differences(rows, listed, {
      onlyInA: (row) => `npm run docs would add to docs/lint.md: ${row}`,
      onlyInB: (row) => `npm run docs would take from docs/lint.md: ${row}`,
    }),
  );
  expect(listed, "the order of docs/lint.md (npm run docs)").toEqual(rows);
});

test("the package has the pages, which moka lint --explain prints", () => {
  expect(JSON.parse(tree.read("package.json")).files).toContain("docs/lint");
});
