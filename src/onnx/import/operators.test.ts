import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as operators from "./operators.js";

const folder = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(folder).filter((name) => /^[^.]*\.ts$/.test(name));
const isMapping = (file: string) =>
  /^export (function|const) \w+(\(node: Scope\))?: (Imported|Operator) |= single\(|= reduction\(/m.test(
    readFileSync(folder + file, "utf8"),
  );

test("every file with operators has its rows and its test", () => {
  const rows = readFileSync(`${folder}operators.ts`, "utf8");
  const mappings = files.filter(isMapping);
  expect(mappings.length).toBeGreaterThan(24);
  for (const file of mappings) {
    expect(rows, file).toContain(`"./${file.replace(".ts", ".js")}"`);
    expect(readdirSync(folder), file).toContain(file.replace(".ts", ".test.ts"));
  }
});

test("there are the operators of convolutional networks", () => {
  expect(Object.keys(operators).length).toBeGreaterThan(65);
});

test("docs/import.md names every operator", () => {
  const page = readFileSync(new URL("../../../docs/import.md", import.meta.url), "utf8");
  for (const name of Object.keys(operators)) expect(page).toMatch(new RegExp(`^\\|[^|]*\\b${name}\\b`, "m"));
});
