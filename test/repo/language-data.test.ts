// What editors show of layers is made of the layers' doc comments.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("src/language/gen/contracts.ts is what `npm run docs` makes", () => {
  execFileSync(process.execPath, ["scripts/language-data.mjs", "--check"], { cwd: root, encoding: "utf8" });
});
