// Every layer case of the reference (see README.md here), on every engine and with every setting of the passes that
// changes how it runs: forward, backward, and what forward leaves in the parameters.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { layers } from "../../src/layers/registry.js";
import { blas, skippedWithoutBlas } from "../blas.js";
import { netFromText } from "../nets.js";
import { distinctSettings, type PassSetting } from "../passes.js";
import { complaintsOf, expectNone, tree } from "../repo/tree.js";
import { readSafetensors } from "../safetensors.js";
import { engines, sharedEngines } from "./engines.js";
import { follow } from "./follow.js";
import { bvlc, forkReferences, referenceComplaints, referenceOf } from "./references.js";

const folder = new URL("layers/", import.meta.url);
const cases = readdirSync(folder).flatMap((type) =>
  readdirSync(new URL(`${type}/`, folder)).map((name) => `${type}/${name}`),
);

const read = (path: string) => readSafetensors(readFileSync(new URL(`${path}/tensors.safetensors`, folder)));
const casesOf = (type: string) => cases.filter((path) => path.startsWith(`${type}/`));
const referencesOf = (type: string) => [
  ...casesOf(type).map((path) => referenceOf(read(path))),
  ...forkReferences(type),
];

test("there are all 199 cases of BVLC Caffe", () => {
  expect(cases.filter((path) => referenceOf(read(path)) === bvlc)).toHaveLength(199);
});

test("every folder of cases is of a layer type", () => {
  const types = new Set<string>(layers.map(({ type }) => type));
  expectNone(cases.filter((path) => !types.has(path.split("/")[0])).map((path) => `${path} is of no layer type`));
});

test("every layer type has numbers of BVLC Caffe, or its test says what they come from", () => {
  expectNone(referenceComplaints(tree, referencesOf));
});

test("what is said of a layer whose numbers come from nowhere", () => {
  const path = "src/layers/activation/quantum.ts";
  const tested = "src/layers/activation/quantum.test.ts";
  const none = `layer Quantum has no case that BVLC Caffe computed, and ${tested} no line "// Numbers: …" that says what computed its own`;
  const declared = "// Numbers: PyTorch 2.9, torch.nn.Quantum.\n";
  const others = (type: string) => (type === "Quantum" ? ["PyTorch 2.9"] : referencesOf(type));
  const withTest = (text: string | undefined, references = referencesOf) =>
    complaintsOf((files) => referenceComplaints(files, references), {
      [path]: 'class QuantumLayer {\n  static readonly type = "Quantum";\n',
      [tested]: text,
    });
  expect(withTest(undefined)).toEqual([none]);
  expect(withTest("// Numbers:\n")).toEqual([none]);
  expect(withTest("", others)).toEqual([none]);
  expect(withTest(declared, others)).toEqual([]);
  const stale = "src/layers/activation/relu.test.ts";
  expect(complaintsOf((files) => referenceComplaints(files, referencesOf), { [stale]: declared })).toEqual([
    `${stale} has a line "// Numbers: …", though BVLC Caffe computed cases of ReLU`,
  ]);
  expect(referenceOf({ metadata: { reference: "PyTorch 2.9" } })).toBe("PyTorch 2.9");
});

if (!blas) test.skip(`all cases on blas (${skippedWithoutBlas})`, () => {});

const engineOf = sharedEngines();
const settings = new Map<string, Promise<readonly PassSetting[]>>();

for (const engineName of Object.keys(engines)) {
  test.each(cases)(`%s on ${engineName}`, async (path) => {
    const text = readFileSync(new URL(`${path}/net.prototxt`, folder), "utf8");
    const golden = read(path);
    const setup = { phase: golden.metadata.phase as "TRAIN" | "TEST", engine: await engineOf(engineName) };
    const distinct = settings.get(path) ?? distinctSettings(text, { phase: setup.phase });
    settings.set(path, distinct);
    for (const setting of await distinct) {
      const net = await netFromText(text, { ...setup, ...setting });
      await follow(net, golden, setting);
      await net.dispose();
    }
  });
}
