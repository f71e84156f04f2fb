// Every reader gets damaged inputs; `npm run fuzz` gives them by the hundred thousand. The readers are those of dist/.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const fuzz = (...args: string[]) =>
  execFileSync(process.execPath, ["scripts/fuzz.mjs", ...args], { cwd: root, encoding: "utf8" });

test("no reader fails, takes long or much memory", () => {
  const rows = fuzz("--count", "40").trim().split("\n").slice(2);
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) expect(row).toMatch(/^\| [\w. ]+ \| 40 \| \d+ \| \d+ \| 0 \|/);
});

test("the same seed gives the same input", () => {
  const index = ["--index", "7", "datum"];
  expect(fuzz(...index).split(";")[0]).toBe(fuzz(...index).split(";")[0]);
});
