// The floor plan of docs/architecture.md: imports go only to a strictly lower floor, never sideways, types included.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const src = fileURLToPath(new URL("../../src/", import.meta.url));

/** Every file and folder of src/, by floor. Within one folder files may import each other, without cycles. */
const floors: Readonly<Record<string, number>> = {
  util: 0,
  "version.ts": 0,
  proto: 1,
  core: 2,
  fillers: 3,
  solvers: 3,
  data: 3,
  engines: 3,
  platform: 3,
  layers: 4,
  lint: 5,
  tools: 5,
  api: 6,
  "index.ts": 7,
  cli: 8,
  studio: 8,
};

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"));

function specifiers(file: string): string[] {
  const text = readFileSync(join(src, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, specifier]) => specifier);
}

function target(file: string, specifier: string): string {
  if (specifier === "#platform") return "platform/node/index.ts";
  if (specifier === "#threads") return "engines/wasm/threads/spawn-node.ts";
  if (specifier === "#blas") return "engines/wasm/blas/find-node.ts";
  return relative(src, join(src, dirname(file), specifier))
    .replaceAll("\\", "/")
    .replace(/\.js$/, ".ts");
}

const imports: Import[] = files.flatMap((from) =>
  specifiers(from)
    .filter((specifier) => specifier.startsWith(".") || specifier.startsWith("#"))
    .map((specifier) => ({ from, to: target(from, specifier) })),
);

const room = (path: string) => path.split("/")[0];

test("every folder has a floor", () => {
  expect(files.map(room).filter((name) => !(name in floors))).toEqual([]);
});

test("imports go to a strictly lower floor", () => {
  const wrong = imports.filter(({ from, to }) => room(from) !== room(to) && floors[room(from)] <= floors[room(to)]);
  expect(wrong).toEqual([]);
});

test("no imports go in circles", () => {
  const targets = new Map<string, string[]>();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" → "));
    if (done.has(file) || path.includes(file)) return;
    for (const next of targets.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test("node: is imported only where Node is", () => {
  const allowed = /^(cli\/|platform\/node\/|engines\/.*node)/;
  const wrong = files.filter(
    (file) => !allowed.test(file) && specifiers(file).some((name) => name.startsWith("node:")),
  );
  expect(wrong).toEqual([]);
});

test("every import is of a file that is there", () => {
  const generated = /\/gen\//;
  expect(imports.filter(({ to }) => !generated.test(to) && !files.includes(to))).toEqual([]);
});
