// What a newcomer adds has its row, its test and its page; a file that grew too long is two.
import { expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import type { LayerClass } from "../../src/core/catalog.js";
import { kernelNames, plainNames } from "../../src/core/kernels.js";
import { referenceKernels } from "../../src/engines/reference/index.js";
import { wasmKernels } from "../../src/engines/wasm/index.js";
import { layers } from "../../src/layers/registry.js";
import { mappings } from "../../src/onnx/export/registry.js";
import { version } from "../../src/version.js";
import {
  commandComplaints,
  contractComplaints,
  gradientComplaints,
  layerComplaints,
  mappingComplaints,
} from "./registers.js";
import { complaintsOf, differences, expectNone, type Tree, tree } from "./tree.js";

const types = layers.map(({ type }) => type);
const names = commands.map(({ name }) => name);

test("every layer has its row and its test", () => {
  expectNone(layerComplaints(tree, types));
});

test("every layer's gradient is checked against differences", () => expectNone(gradientComplaints(tree)));

test("every layer is held to the contract of all layers by its own test", () => expectNone(contractComplaints(tree)));

test("what is said of a layer that lacks something", () => {
  const path = "src/layers/activation/quantum.ts";
  const tested = "src/layers/activation/quantum.test.ts";
  const declared = 'class QuantumLayer {\n  static readonly type = "Quantum";\n';
  const withTypes = (registered: readonly string[]) => (files: Tree) => layerComplaints(files, registered);
  const lacks = ["layer Quantum has no row in src/layers/index.ts", `${path} has no test quantum.test.ts`];
  expect(complaintsOf(withTypes(types), { [path]: declared })).toEqual(lacks);
  expect(() => expectNone(lacks)).toThrow(/^layer Quantum has no row in src\/layers\/index\.ts\n/);
  expect(layerComplaints(tree, [...types, "Tile"])).toContain("layer Tile has two rows in src/layers/index.ts");
  expect(complaintsOf(withTypes(types), { "src/layers/common/tile.ts": undefined })).toEqual([
    "layer Tile of src/layers/index.ts is declared by no file of src/layers",
  ]);
  expect(complaintsOf(gradientComplaints, { [path]: declared, [tested]: "" })).toEqual([
    `${tested} does not call checkGradients, so Quantum's gradient is unchecked`,
  ]);
  const none = "// No gradient: it counts.\n";
  expect(complaintsOf(gradientComplaints, { [path]: declared, [tested]: none })).toEqual([]);
  expect(complaintsOf(gradientComplaints, { [path]: declared, [tested]: `${none}checkGradients({})` })).toEqual([
    `${tested} checks a gradient, though it says that Quantum has none`,
  ]);
  expect(complaintsOf(contractComplaints, { [path]: declared, [tested]: "" })).toEqual([
    `${tested} does not call testContract("Quantum", …)`,
  ]);
  expect(complaintsOf(contractComplaints, { [path]: declared, [tested]: 'testContract("Quantum", {})' })).toEqual([]);
});

/** Data layers become inputs before anything is written. */
const classes = layers
  .filter(({ group }) => (group as string) !== "data")
  .flatMap((each) => {
    const { type, variants } = each as LayerClass;
    return (variants?.classes ?? [each]).map((layerClass) => [type, layerClass] as const);
  });
const mapped = new Set<unknown>(mappings.flatMap(({ of }) => of));

test("every layer class is written in ONNX by a mapping with its row and its test, or refused by one", () => {
  expectNone(mappingComplaints(tree, classes, mapped));
});

test("what is said of a mapping that is missing, or lacks something", () => {
  const [[type, first]] = classes;
  expect(mappingComplaints(tree, classes, new Set([...mapped].filter((each) => each !== first)))).toEqual([
    `layer ${type} has no mapping in src/onnx/export, which writes it in ONNX or says why that is not possible`,
  ]);
  const check = (files: Tree) => mappingComplaints(files, classes, mapped);
  expect(
    complaintsOf(check, { "src/onnx/export/quantum.ts": "export const quantum = mapping(Quantum, () => {});" }),
  ).toEqual([
    "src/onnx/export/quantum.ts has no row in src/onnx/export/index.ts",
    "src/onnx/export/quantum.ts has no test quantum.test.ts",
  ]);
});

test("every command has its row and its test", () => expectNone(commandComplaints(tree, names)));

test("what is said of a command that lacks something", () => {
  const check = (files: Tree) => commandComplaints(files, names);
  expect(complaintsOf(check, { "src/cli/commands/quantum.ts": "" })).toEqual([
    "src/cli/commands/quantum.ts has no row in src/cli/commands/index.ts",
    "src/cli/commands/quantum.ts has no test quantum.test.ts",
  ]);
  expect(commandComplaints(tree, [...names, "parse_logs"])).toContain(
    "src/cli/commands/index.ts has a row for src/cli/commands/parse-logs.ts, which is not there",
  );
});

test("every row of a kernel is in the table of core/kernels.ts", () => {
  const families = tree
    .list("src/core/kernels")
    .filter((path) => !/\/(kernel|lowering|sizes)\.ts$|test\.ts$/.test(path));
  const rows = families.flatMap((path) =>
    [...tree.read(path).matchAll(/^export const (\w+) =/gm)].map(([, name = ""]) => name),
  );
  expectNone(
    differences<string>(kernelNames, rows, {
      onlyInA: (kernel) => `core/kernels.ts has ${kernel}, of which no file of core/kernels/ has a row`,
      onlyInB: (kernel) => `the row ${kernel} is not in core/kernels.ts`,
    }),
  );
  expect(rows.length, "no two rows have the same name").toBe(kernelNames.length);
});

test.each([
  ["reference", referenceKernels, plainNames],
  ["wasm", wasmKernels, kernelNames],
])("the %s engine has its kernels", (engine, has, mustHave) => {
  expectNone(
    differences<string>(mustHave, has, {
      onlyInA: (kernel) => `the ${engine} engine lacks the kernel ${kernel}`,
      onlyInB: (kernel) => `the ${engine} engine has ${kernel}, which no kernel is named`,
    }),
  );
});

test("the version is package.json's", () => {
  expect(version).toBe(JSON.parse(tree.read("package.json")).version);
});

test("no dependency is given as a range, and none runs a script at install", () => {
  const { dependencies, devDependencies } = JSON.parse(tree.read("package.json"));
  const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, v]) => !/^(npm:[@/\w-]+@)?\d+\.\d+\.\d+$/.test(`${v}`),
  );
  expectNone(ranges.map(([name, range]) => `${name} in package.json is ${range}, not one version`));
  expect(tree.read(".npmrc")).toContain("ignore-scripts=true");
});

/** Examples in doc comments do not count, and what has one besides is one line again: they are read on their page, docs/api.md. */
function withoutExamples(text: string): string {
  const without = text.replace(/^(?: *\*\n)? *\* @example\n(?: *\* .*\n| *\*\n)*/gm, "");
  return without.replace(/\/\*\*\n *\* (.*)\n *\*\//g, "/** $1 */");
}

test("no file is longer than a reader can hold", () => {
  const files = ["src", "assembly", "test", "scripts", "bench"]
    .flatMap((folder) => tree.list(folder))
    .filter((path) => /\.(ts|mjs)$/.test(path) && !/\/(gen|node_modules)\/|\.test\.ts$/.test(path));
  expectNone(
    files.flatMap((path) => {
      const lines = withoutExamples(tree.read(path)).split("\n").length;
      const most = path.startsWith("src/layers/") ? 250 : 500;
      return lines > most ? `${path} has ${lines} lines, more than ${most}` : [];
    }),
  );
});
