// docs/api.md is made of the doc comments of all exports. Its examples are run by test/conformance/api-examples.test.ts.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("docs/api.md is what `npm run docs` makes", () => {
  const made = execFileSync(process.execPath, ["scripts/api-page.mjs", "--stdout"], { cwd: root, encoding: "utf8" });
  const page = readFileSync(`${root}docs/api.md`, "utf8");
  expect(page, "docs/api.md is out of date: npm run docs makes it anew").toBe(made);
});
