import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { input, layer, trainedWeights } from "../../test/folding.js";
import { WeightFileStore } from "../data/weight-files.js";
import { createFiles } from "../platform/node/index.js";
import { silent } from "../util/log.js";
import { fold } from "./fold.js";
import { Net } from "./net.js";

const folder = mkdtempSync(join(tmpdir(), "moka-fold-"));
afterAll(() => rmSync(folder, { recursive: true }));

const body =
  layer("Convolution", "c", "data", "convolution_param { num_output: 3 kernel_size: 3 bias_term: false }") +
  layer("BatchNorm", "bn", "c", "", "c") +
  layer("Scale", "sc", "c", "scale_param { bias_term: true }", "c") +
  layer("ReLU", "r", "c", "", "c") +
  layer("InnerProduct", "ip", "c", "inner_product_param { num_output: 4 }");
const model = input([2, 2, 6, 6]) + body;
const source = (type: string) =>
  `layer { name: "data" type: "${type}" top: "data" top: "label" data_param { source: "/nowhere" batch_size: 2 } }\n`;
const run = { engine: "reference" } as const;

test("proves a net of the stages that are folded", async () => {
  const staged = input([2, 2, 6, 6]) + body.replaceAll("layer {", 'layer { include { stage: "deploy" }');
  const { folded, proof } = await fold(staged, await trainedWeights(model), { ...run, stages: ["deploy"] });
  expect(folded).toHaveLength(2);
  expect(proof).toMatchObject({ ran: true, passed: true, outputs: [{ name: "ip" }], layers: [{ layer: "c" }] });
  expect(proof).not.toMatchObject({ layers: [{ error: null }] });
});

test("a net without outputs is not proven, as there is nothing to compare", async () => {
  const silenced = `${model}layer { name: "end" type: "Silence" bottom: "ip" }`;
  const { folded, proof } = await fold(silenced, await trainedWeights(model), run);
  expect(folded).toHaveLength(2);
  expect(proof).toEqual({ ran: false, reason: "the net has no outputs to compare" });
});

test("folds, proves the result on random inputs, and returns text and weights that load", async () => {
  const output = join(folder, "folded");
  const result = await fold(model, await trainedWeights(model), { ...run, output });
  expect(result.folded).toEqual([
    { layer: "bn", type: "BatchNorm", into: ["c"], kind: "before" },
    { layer: "sc", type: "Scale", into: ["c"], kind: "before" },
  ]);
  expect(result.proof).toMatchObject({ ran: true, passed: true, tolerance: 1e-4, inputs: { data: "random" } });
  if (!result.proof.ran) throw new Error(result.proof.reason);
  expect(result.proof.outputs).toMatchObject([{ name: "ip", shape: [2, 4] }]);
  expect(result.proof.layers).toMatchObject([{ layer: "c" }]);
  expect(result.proof.layers[0]?.share).toBeLessThan(1);
  expect(result.written).toEqual([`${output}.prototxt`, `${output}.caffemodel`]);
  expect(readFileSync(`${output}.prototxt`, "utf8")).toBe(result.text);
  const net = await Net.load(`${output}.prototxt`, { ...run, weights: `${output}.caffemodel` });
  expect(net.layers.map(({ name }) => name)).toEqual(["data", "c", "r", "ip"]);
  await net.dispose();
});

test("the same seed gives the same proof, another seed a different one", async () => {
  const weights = await trainedWeights(model);
  const proofs = await Promise.all([3, 3, 4].map(async (seed) => (await fold(model, weights, { ...run, seed })).proof));
  expect(proofs[1]).toEqual(proofs[0]);
  expect(proofs[2]).not.toEqual(proofs[0]);
});

test("says where the outputs differ by more than the tolerance, and writes nothing then", async () => {
  const output = join(folder, "intolerant");
  const { proof, written } = await fold(model, await trainedWeights(model), { ...run, output, tolerance: 1e-12 });
  expect(proof).toMatchObject({ ran: true, passed: false });
  expect(written).toEqual([]);
  expect(existsSync(`${output}.prototxt`)).toBe(false);
});

test("takes inputs of another batch size, and refuses those that do not fit", async () => {
  const weights = await trainedWeights(model);
  const data = Float32Array.from({ length: 72 }, (_, i) => Math.sin(i));
  const { proof } = await fold(model, weights, { ...run, inputs: { data: { shape: [1, 2, 6, 6], data } } });
  expect(proof).toMatchObject({ ran: true, passed: true, inputs: { data: "given" }, outputs: [{ shape: [1, 4] }] });
  const wrong = { data: { shape: [2, 2, 6, 6], data } };
  await expect(fold(model, weights, { ...run, inputs: wrong })).rejects.toThrow('input "data" needs 144 values');
  await expect(fold(model, weights, { ...run, shapes: { picture: [1] } })).rejects.toThrow(
    'the net has no input "picture"; its inputs are data',
  );
  await expect(fold(model, weights, { ...run, tolerance: 0 })).rejects.toMatchObject({ code: "MOKA_USAGE" });
});

test("needs no data where the shapes are given; labels are 0, and losses and accuracies stay", async () => {
  const end = `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "kept" type: "HDF5Output" bottom: "ip" bottom: "label" hdf5_output_param { file_name: "${folder}/none.h5" } }\n`;
  const text = source("Data") + body + end;
  const weights = await trainedWeights(model);
  const without = await fold(text, weights, run);
  expect(without.folded.length).toBe(2);
  expect(without.proof).toEqual({
    ran: false,
    reason: 'the shape of "data", "label" is not known: give it (shapes, or --shape data=1,3,224,224)',
  });
  const { proof, net } = await fold(text, weights, { ...run, shapes: { data: [2, 2, 6, 6], label: [2] } });
  expect(proof).toMatchObject({ ran: true, passed: true, inputs: { data: "random", label: "zeros" } });
  expect(proof.ran && proof.outputs.map(({ name }) => name)).toEqual(["accuracy", "loss"]);
  expect(existsSync(`${folder}/none.h5`)).toBe(false);
  expect(net.layer.map(({ type }) => type)).toEqual([
    ...["Data", "Convolution", "ReLU", "InnerProduct"],
    ...["SoftmaxWithLoss", "Accuracy", "HDF5Output"],
  ]);
  expect(net.layer.every(({ include }) => include.length === 0)).toBe(true);
});

test("folds a net with layers it cannot run, keeps their blobs, and says that it is not proven", async () => {
  const text = model + layer("Prior", "p", "ip", "");
  const weights = await trainedWeights(model);
  const prior = weights.layer.find(({ name }) => name === "ip");
  if (!prior) throw new Error("no weights");
  const own = { ...prior, name: "p" };
  weights.layer.push(own);
  const output = join(folder, "unknown");
  const result = await fold(text, weights, { ...run, output });
  expect(result.proof).toEqual({ ran: false, reason: 'Moka does not know the type of "p" (Prior)' });
  expect(result.folded.length).toBe(2);
  expect(result.targets[0]?.bound.slope.every((value) => value > 0)).toBe(true);
  expect(result.written.length).toBe(2);
  const store = new WeightFileStore(createFiles(), silent);
  const { layer: layers } = await store.read(`${output}.caffemodel`);
  expect(layers.find(({ name }) => name === "p")?.blobs.length).toBe(2);
});

test("layers without weights are filled alike in both nets", async () => {
  const weights = await trainedWeights(model);
  weights.layer = weights.layer.filter(({ name }) => name !== "ip");
  const filled = model.replace("num_output: 4", 'num_output: 4 weight_filler { type: "xavier" }');
  const { proof } = await fold(filled, weights, run);
  expect(proof).toMatchObject({ ran: true, passed: true });
  expect(proof.ran && proof.outputs[0]?.error).toBeGreaterThan(0);
});

test("reads old forms, HDF5, and several files", async () => {
  const store = new WeightFileStore(createFiles(), silent);
  const weights = await trainedWeights(model);
  const old = `input: "data" input_dim: 2 input_dim: 2 input_dim: 6 input_dim: 6\n${body}`;
  const path = join(folder, "old.prototxt");
  await createFiles().write(path, new TextEncoder().encode(old));
  const part = (names: readonly string[]) => ({
    ...weights,
    layer: weights.layer.filter(({ name }) => names.includes(name)),
  });
  const [first, second] = [join(folder, "a.caffemodel.h5"), join(folder, "b.caffemodel")];
  await store.write(first, part(["c", "bn"]));
  await store.write(second, part(["sc", "ip"]));
  const { folded, proof, net } = await fold(path, `${first}, ${second}`, run);
  expect(folded.map(({ layer }) => layer)).toEqual(["bn", "sc"]);
  expect(proof).toMatchObject({ ran: true, passed: true });
  expect(net.input).toEqual([]);
});

test("folds the net of the level and the stages it is given", async () => {
  const text = model.replace('name: "bn"', 'name: "bn" include { stage: "plain" }');
  const weights = await trainedWeights(model);
  expect((await fold(text, weights, run)).before.layers).toBe(5);
  expect((await fold(text, weights, { ...run, stages: ["plain"] })).before.layers).toBe(6);
});

test("refuses weights of another net by the name of their file", async () => {
  const store = new WeightFileStore(createFiles(), silent);
  const other = await trainedWeights(model.replace("num_output: 4", "num_output: 5"));
  const path = join(folder, "other.caffemodel");
  await store.write(path, other);
  await expect(fold(model, path, run)).rejects.toThrow(
    /layer "ip" \(InnerProduct\): .*in .*other\.caffemodel it has 5 48 \(240\)/,
  );
});
