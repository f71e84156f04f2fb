import { expect, test, vi } from "vitest";
import { Layer } from "../core/layer.js";
import { writeNet } from "../proto/binary/index.js";
import { concat } from "../util/bytes.js";
import { Net } from "./net.js";
import { Solver } from "./solver.js";

const text = `
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 300 } } }
  layer { name: "a" type: "TanH" bottom: "x" top: "a" }
  layer { name: "b" type: "TanH" bottom: "a" top: "b" }
  layer { name: "c" type: "TanH" bottom: "b" top: "c" }
  layer { name: "d" type: "TanH" bottom: "c" top: "d" }`;
const x = Float32Array.from({ length: 300 }, (_, i) => i / 300);
const engine = "reference";

test("keeps every blob, or only inputs and outputs", async () => {
  const [all, outputs] = [await Net.load(text, { engine }), await Net.load(text, { engine, keep: "outputs" })];
  expect(await outputs.forward({ x })).toEqual(await all.forward({ x }));
  expect([...all.blobs.values()].map(({ name, hasData }) => hasData && name)).toEqual(["x", "a", "b", "c", "d"]);
  expect(outputs.blobs.get("x")?.data[30]).toBeCloseTo(0.1);
  expect(outputs.blobs.get("d")?.data[0]).toBe(0);
  expect(() => outputs.blobs.get("a")?.data).toThrow(
    'the data of blob "a" is gone: only inputs, outputs and parameters are kept after a run',
  );
  await all.dispose();
  await outputs.dispose();
});

test("in TEST, a net that keeps only its outputs has no backward pass, unless it has force_backward", async () => {
  const plain = await Net.load(text, { engine, keep: "outputs" });
  await plain.forward({ x });
  await expect(plain.backward()).rejects.toMatchObject({ code: "MOKA_USAGE" });
  const forced = await Net.load(`force_backward: true\n${text}`, { engine, keep: "outputs" });
  await forced.forward({ x });
  forced.blobs.get("d")?.diff.fill(1);
  await forced.backward();
  expect(forced.blobs.get("x")?.diff[0]).toBe(1);
  await plain.dispose();
  await forced.dispose();
});

test("refuses any other value of keep", async () => {
  const keep = "some" as "all";
  const message = 'keep must be "all" or "outputs", not "some"';
  await expect(Net.load(text, { engine, keep })).rejects.toThrow(message);
  await expect(Solver.load("base_lr: 1\n", { engine, keep })).rejects.toThrow(message);
});

test("a net whose weights cannot be read closes its layers", async () => {
  let open = 0;
  class Door extends Layer {
    static readonly type = "Door";
    override readonly bottomCount = 0;
    override readonly topCount = 0;
    override async open() {
      open++;
    }
    override async close() {
      open--;
    }
    override topShapes() {
      return [];
    }
    override forward() {}
  }
  const net = Net.load(`${text} layer { name: "door" type: "Door" }`, {
    engine,
    layers: { Door },
    weights: "missing.caffemodel",
  });
  await expect(net).rejects.toThrow("missing.caffemodel");
  expect(open).toBe(0);
});

test("weights are read once, even where the number of blobs tells which layer a type means", async () => {
  const norm = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
    layer { name: "n" type: "BatchNorm" bottom: "x" top: "y" }`;
  const net = await Net.load(norm, { engine });
  const file = new Blob([concat(writeNet(net.toMessage()))]);
  await net.dispose();
  const reads = vi.spyOn(file, "arrayBuffer");
  const again = await Net.load(norm, { engine, weights: file });
  expect(reads).toHaveBeenCalledTimes(1);
  await again.copyTrainedLayersFrom(file);
  expect(reads).toHaveBeenCalledTimes(2);
  await again.dispose();
});

test("data layers become inputs, of the shapes that are given", async () => {
  const trained = `layer { name: "d" type: "Data" top: "data" top: "label" data_param { source: "missing" batch_size: 8 } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "y" inner_product_param { num_output: 3 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" top: "loss" }`;
  const shapes = { data: [1, 1, 2, 2], label: [1] };
  const net = await Net.load(trained, { engine, dataAsInputs: true, shapes });
  expect(net.inputs).toEqual(["data", "label"]);
  const { loss } = await net.forward({ data: [1, 2, 3, 4], label: [0] });
  expect(loss?.[0]).toBeCloseTo(Math.log(3), 5);
  await net.dispose();
  const unknown = Net.load(trained, { engine, dataAsInputs: true });
  await expect(unknown).rejects.toThrow(/the shape of "data", "label" is not known/);
});
