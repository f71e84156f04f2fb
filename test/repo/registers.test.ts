// What a newcomer adds has its row, its test and its page; a file that grew too long is two.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { kernelNames, plainNames } from "../../src/core/kernels.js";
import { referenceKernels } from "../../src/engines/reference/index.js";
import { layers } from "../../src/layers/index.js";
import { version } from "../../src/version.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, "utf8");
const list = (folder: string) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" }).map((path) => path.replaceAll("\\", "/"));

test("every layer class has its row in layers/index.ts and its test", () => {
  const files = list("src/layers").filter((path) => /static readonly type/.test(readIfFile(`src/layers/${path}`)));
  const declared = files.map((path) => /static readonly type = "(\w+)"/.exec(read(`src/layers/${path}`))?.[1]);
  expect(declared.sort()).toEqual(layers.map(({ type }) => type).sort());
  expect(files.filter((path) => !existsSync(`${root}src/layers/${path.replace(/\.ts$/, ".test.ts")}`))).toEqual([]);
});

/** Layer types that have no gradient, or only 0. */
const flat = [
  ...["Data", "DummyData", "HDF5Data", "HDF5Output", "ImageData", "Input", "MemoryData", "WindowData"],
  ...["Accuracy", "ArgMax", "Silence", "Threshold"],
];

test("every layer's gradient is checked against differences", () => {
  const tests = list("src/layers").filter((path) => path.endsWith(".test.ts"));
  const checked = tests.filter((path) => read(`src/layers/${path}`).includes("checkGradients("));
  const types = checked.flatMap(
    (path) => /static readonly type = "(\w+)"/.exec(readIfFile(`src/layers/${path.replace(".test", "")}`))?.[1] ?? [],
  );
  expect([...types, ...flat].sort()).toEqual(layers.map(({ type }) => type).sort());
});

test("layers are registered once, in the order of their names", () => {
  const types = layers.map(({ type }) => type);
  expect(types).toEqual([...new Set(types)].sort());
});

test("every command has its row and its test", () => {
  const files = list("src/cli/commands").filter((path) => !/index|\.test\.ts$/.test(path));
  expect(files.length).toBe(commands.length);
  for (const { name } of commands) {
    const file = `src/cli/commands/${name.replaceAll("_", "-")}.test.ts`;
    expect(existsSync(`${root}${file}`), file).toBe(true);
  }
});

test("every kernel has its row in the table, and its name for itself", () => {
  const families = list("src/core/kernels").filter((path) => !/^(kernel|lowering|sizes)\.|test\.ts$/.test(path));
  const rows = families.flatMap((path) =>
    [...read(`src/core/kernels/${path}`).matchAll(/^export const (\w+) =/gm)].map(([, name]) => name),
  );
  expect(rows.sort()).toEqual([...kernelNames].sort());
});

test("the reference engine has every plain kernel", () => {
  expect([...referenceKernels].sort()).toEqual([...plainNames].sort());
});

test("the version is package.json's", () => {
  expect(version).toBe(JSON.parse(read("package.json")).version);
});

test("no dependency is given as a range, and none runs a script at install", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, v]) => !/^\d+\.\d+\.\d+$/.test(`${v}`),
  );
  expect(ranges).toEqual([]);
  expect(read(".npmrc")).toContain("ignore-scripts=true");
});

test("no file is longer than a reader can hold", () => {
  const files = ["src", "assembly", "test", "scripts", "bench"]
    .flatMap((folder) => list(folder).map((path) => `${folder}/${path}`))
    .filter((path) => /\.(ts|mjs)$/.test(path) && !/\/(gen|node_modules)\//.test(path));
  const long = files.filter((path) => read(path).split("\n").length > (path.startsWith("src/layers/") ? 250 : 500));
  expect(long.filter((path) => !path.endsWith(".test.ts"))).toEqual([]);
});

function readIfFile(path: string): string {
  return path.endsWith(".ts") && !path.endsWith(".test.ts") ? read(path) : "";
}
