// Packages with native code are loaded by Node alone, and only when they are needed: Moka works where they cannot be.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "vitest";
import { expectNone } from "./tree.js";

const src = fileURLToPath(new URL("../../src/", import.meta.url));
const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"));

test.each(["sharp", "classic-level"])("%s", (name) => {
  const mentions = sources.flatMap((path) =>
    readFileSync(src + path, "utf8")
      .split("\n")
      .filter((line) => line.includes(`"${name}"`) && !line.startsWith("import type "))
      .map((line) => ({ path, line })),
  );
  const wrong = mentions.filter(
    ({ path, line }) => !path.startsWith("platform/node/") || !line.includes(`import("${name}")`),
  );
  expectNone(
    wrong.map(({ path, line }) => `src/${path} loads ${name} elsewhere than platform/node, or always: ${line.trim()}`),
  );
});
