// The floor plan of docs/architecture.md: imports go only to a strictly lower floor, never sideways, types included.
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { differences, expectNone, root, tree } from "./tree.js";

const src = join(root, "src");
const plan = tree.read("docs/architecture.md");

/** Every file and folder of src/, by floor, from the table's rows. Within one folder files may import each other, without cycles. */
const floors: ReadonlyMap<string, number> = new Map(
  [...plan.matchAll(/^\| (\d+) \| (`.*?`) \|/gm)].flatMap(([, floor, rooms]) =>
    codeIn(rooms).map((name) => [name.replace(/\/$/, ""), Number(floor)] as const),
  ),
);
const floorOf = (path: string) => floors.get(room(path)) ?? Number.NaN;

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = tree
  .list("src")
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .map((path) => path.slice("src/".length));

function specifiers(file: string): string[] {
  const text = tree.read(`src/${file}`).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, specifier]) => specifier);
}

function target(file: string, specifier: string): string {
  if (specifier === "#platform") return "platform/node/index.ts";
  if (specifier === "#threads") return "engines/wasm/threads/spawn-node.ts";
  if (specifier === "#worker") return "platform/node/start-worker.ts";
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

function room(path: string): string {
  return path.split("/")[0];
}

function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
}

test("the table of docs/architecture.md has the files and folders of src/, each with its floor", () => {
  expect(floors.size).toBeGreaterThan(10);
  expectNone(
    differences(new Set(files.map(room)), floors.keys(), {
      onlyInA: (name) => `src/${name} has no floor in the table of docs/architecture.md`,
      onlyInB: (name) => `${name}, in the table of docs/architecture.md, is not in src/`,
    }),
  );
});

test("imports go to a strictly lower floor", () => {
  const wrong = imports.filter(({ from, to }) => room(from) !== room(to) && !(floorOf(from) > floorOf(to)));
  expectNone(wrong.map(({ from, to }) => `${from} imports ${to}, from floor ${floorOf(from)} to floor ${floorOf(to)}`));
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
  expectNone(circles);
});

test("node: is imported only where docs/architecture.md says so", () => {
  const [, places = ""] = /^`node:` is imported only in ([\s\S]*?)\.\n/m.exec(plan) ?? [];
  const allowed = codeIn(places);
  const users = files.filter((file) => specifiers(file).some((name) => name.startsWith("node:")));
  const unused = allowed.filter((place) => !users.some((file) => file.startsWith(place)));
  const wrong = users.filter((file) => !allowed.some((place) => file.startsWith(place)));
  expectNone([
    ...wrong.map((file) => `${file} imports node:, where docs/architecture.md does not allow it`),
    ...unused.map((place) => `docs/architecture.md allows node: in ${place}, where nothing imports it`),
  ]);
});

test("every import is of a file that is there", () => {
  const generated = /\/gen\//;
  const missing = imports.filter(({ to }) => !generated.test(to) && !files.includes(to));
  expectNone(missing.map(({ from, to }) => `${from} imports ${to}, which is not there`));
});
