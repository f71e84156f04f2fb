// What a newcomer adds has its row, its test and its page; a file that grew too long is two.
import { expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { kernelNames } from "../../src/core/access.js";
import { referenceKernels } from "../../src/engines/reference/index.js";
import { wasmKernels } from "../../src/engines/wasm/index.js";
import { layers } from "../../src/layers/index.js";
import { version } from "../../src/version.js";
import { commandComplaints, gradientComplaints, layerComplaints } from "./registers.js";
import { differences, expectNone, tree, treeWith } from "./tree.js";

const types = layers.map(({ type }) => type);
const names = commands.map(({ name }) => name);

/** Layer types that have no gradient, or only 0. */
const flat = [
  ...["Data", "DummyData", "HDF5Data", "HDF5Output", "ImageData", "Input", "MemoryData", "WindowData"],
  ...["Accuracy", "ArgMax", "Silence", "Threshold"],
];

test("every layer has its row, in the order of their names, and its test", () => {
  expectNone(layerComplaints(tree, types));
});

test("every layer's gradient is checked against differences", () => expectNone(gradientComplaints(tree, flat)));

test("what is said of a layer that lacks something", () => {
  const path = "src/layers/activation/quantum.ts";
  const declared = 'class QuantumLayer {\n  static readonly type = "Quantum";\n';
  const alone = treeWith({ [path]: declared });
  expect(layerComplaints(alone, types)).toEqual([
    "layer Quantum has no row in src/layers/index.ts",
    `${path} has no test quantum.test.ts`,
  ]);
  expect(() => expectNone(layerComplaints(alone, types))).toThrow(
    /^layer Quantum has no row in src\/layers\/index\.ts\n/,
  );
  const tested = treeWith({ [path]: declared, "src/layers/activation/quantum.test.ts": "" });
  expect(layerComplaints(tested, ["Tile", "Quantum"])).toContain(
    "layer Quantum stands behind Tile in src/layers/index.ts, which is sorted by name",
  );
  expect(layerComplaints(tested, [...types, "Quantum"].sort())).toEqual([]);
  expect(layerComplaints(tree, [...types, "Tile"])).toContain("layer Tile has two rows in src/layers/index.ts");
  expect(layerComplaints(treeWith({ "src/layers/common/tile.ts": undefined }), types)).toEqual([
    "layer Tile of src/layers/index.ts is declared by no file of src/layers",
  ]);
  expect(gradientComplaints(tested, flat)).toEqual([
    "src/layers/activation/quantum.test.ts does not call checkGradients, so Quantum's is unchecked",
  ]);
  expect(gradientComplaints(tree, [...flat, "Tile", "Tyle"])).toEqual([
    "Tyle, said to have no gradient, is no layer",
    "src/layers/common/tile.test.ts checks a gradient, though Tile is said to have none",
  ]);
});

test("every command has its row and its test", () => expectNone(commandComplaints(tree, names)));

test("what is said of a command that lacks something", () => {
  expect(commandComplaints(treeWith({ "src/cli/commands/scale.ts": "" }), names)).toEqual([
    "src/cli/commands/scale.ts has no row in src/cli/commands/index.ts",
    "src/cli/commands/scale.ts has no test scale.test.ts",
  ]);
  expect(commandComplaints(tree, [...names, "parse_logs"])).toEqual([
    "src/cli/commands/index.ts has a row for src/cli/commands/parse-logs.ts, which is not there",
  ]);
});

test.each([
  ["reference", referenceKernels],
  ["wasm", wasmKernels],
])("the %s engine has every kernel", (engine, kernels) => {
  expectNone(
    differences<string>(kernelNames, kernels, {
      onlyInA: (kernel) => `the ${engine} engine lacks the kernel ${kernel}`,
      onlyInB: (kernel) => `the ${engine} engine has a kernel ${kernel}, which is none`,
    }),
  );
});

test("the version is package.json's", () => {
  expect(version).toBe(JSON.parse(tree.read("package.json")).version);
});

test("no dependency is given as a range, and none runs a script at install", () => {
  const { dependencies, devDependencies } = JSON.parse(tree.read("package.json"));
  const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, v]) => !/^\d+\.\d+\.\d+$/.test(`${v}`),
  );
  expectNone(ranges.map(([name, range]) => `${name} in package.json is ${range}, not one version`));
  expect(tree.read(".npmrc")).toContain("ignore-scripts=true");
});

test("no file is longer than a reader can hold", () => {
  const files = ["src", "assembly", "test", "scripts", "bench"]
    .flatMap((folder) => tree.list(folder))
    .filter((path) => /\.(ts|mjs)$/.test(path) && !/\/(gen|node_modules)\/|\.test\.ts$/.test(path));
  expectNone(
    files.flatMap((path) => {
      const lines = tree.read(path).split("\n").length;
      const most = path.startsWith("src/layers/") ? 250 : 500;
      return lines > most ? `${path} has ${lines} lines, more than ${most}` : [];
    }),
  );
});
