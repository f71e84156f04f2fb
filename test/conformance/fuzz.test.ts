// Every reader gets some damaged inputs; `npm run fuzz` gives it 10,000 or 100,000. The readers are those of dist/.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test("an input can be made again by its seed and index", () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-fuzz-"));
  try {
    const saved = ["7", "7", "8"].map((index, i) => {
      fuzz("--index", index, "--save", `${folder}/${i}`, "datum");
      return readFileSync(`${folder}/${i}`, "hex");
    });
    expect(saved[0]).toBe(saved[1]);
    expect(saved[0]).not.toBe(saved[2]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
