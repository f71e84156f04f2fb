// Every layer case of the reference (see README.md here), on every engine and with every setting of the passes that
// changes how it runs: forward, backward, and what forward leaves in the parameters.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Net } from "../../src/core/net.js";
import { layers } from "../../src/layers/registry.js";
import { blas, skippedWithoutBlas } from "../blas.js";
import { netFromText } from "../nets.js";
import { distinctSettings, type PassSetting } from "../passes.js";
import { complaintsOf, expectNone, tree } from "../repo/tree.js";
import { readSafetensors, type Safetensors } from "../safetensors.js";
import { engines, relativeError, sharedEngines } from "./engines.js";
import { bvlc, referenceComplaints, referenceOf } from "./references.js";

const folder = new URL("layers/", import.meta.url);
const cases = readdirSync(folder).flatMap((type) =>
  readdirSync(new URL(`${type}/`, folder)).map((name) => `${type}/${name}`),
);

const read = (path: string) => readSafetensors(readFileSync(new URL(`${path}/tensors.safetensors`, folder)));
const casesOf = (type: string) => cases.filter((path) => path.startsWith(`${type}/`));
const referencesOf = (type: string) => casesOf(type).map((path) => referenceOf(read(path)));

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

async function follow(
  net: Net,
  { metadata, tensors }: Safetensors,
  { name: setting, keep }: PassSetting,
): Promise<void> {
  const given = (prefix: string) =>
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(`${prefix}/`) ? [{ name: name.slice(prefix.length + 1), ...tensor }] : [],
    );
  const param = (name: string) => {
    const [layer, index] = name.split("/");
    return net.params.get(layer)?.[Number(index)];
  };
  let compared = 0;
  const compare = (what: string, actual: Float32Array | undefined, expected: Float32Array) => {
    expect(actual?.length, what).toBe(expected.length);
    expect(relativeError(actual ?? [], expected), `${what}, ${setting}`).toBeLessThanOrEqual(1e-5);
    compared++;
  };

  for (const { name, data } of given("param")) param(name)?.data.set(data);
  await net.forward(Object.fromEntries(given("in").map(({ name, data }) => [name, data])));
  for (const { name, shape, data } of given("out")) {
    if (metadata.loss !== "true") expect(countedShape(net.blobs.get(name)?.shape)).toEqual(shape);
    if (keep === "all" || net.outputs.includes(name)) compare(`out/${name}`, net.blobs.get(name)?.data, data);
  }
  for (const { name, data } of given("param_after")) compare(`param_after/${name}`, param(name)?.data, data);
  if (metadata.loss === "true") {
    for (const { name, data } of given("out_diff")) compare(`out_diff/${name}`, net.blobs.get(name)?.diff, data);
  } else {
    for (const { name, data } of given("out_diff")) net.blobs.get(name)?.diff.set(data);
  }
  net.clearParamDiffs(); // as the reference did: Parameter's top shares the diff of its parameter
  await net.backward();
  for (const { name, data } of given("in_diff")) compare(`in_diff/${name}`, net.blobs.get(name)?.diff, data);
  for (const { name, data } of given("param_diff")) compare(`param_diff/${name}`, param(name)?.diff, data);
  expect(compared).toBeGreaterThan(0);
}

/** The files have no scalars: those are written as one axis of 1. */
function countedShape(shape: readonly number[] | undefined): readonly number[] | undefined {
  return shape?.length === 0 ? [1] : shape;
}
