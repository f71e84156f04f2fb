import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digitsFolder, type NormNet, normNet, trained, withBlobs } from "../../test/norm-nets.js";
import type { NdArray } from "../util/nd-array.js";
import { type DoctorOptions, doctor } from "./doctor.js";
import { Net } from "./net.js";

const options: DoctorOptions = { engine: "wasm", threads: 1, iterations: 5 };
/** Fast enough for the few iterations here. */
const quick = "moving_average_fraction: 0.95";
let folder: Awaited<ReturnType<typeof digitsFolder>>;
/** Weights of a well trained net. */
let healthy: string;
beforeAll(async () => {
  folder = await digitsFolder(1000, 500);
  healthy = await trained(normNet(folder.path, { norm: quick }), `${folder.path}/healthy.caffemodel`, 150);
});
afterAll(() => folder.remove());

const model = (net: NormNet) => normNet(folder.path, net);
const fileOf = (name: string) => `${folder.path}/${name}.caffemodel`;

test("finds no cause for a well trained net, on data of either phase, and does not change its file", async () => {
  const before = readFileSync(healthy);
  for (const phase of ["TEST", "TRAIN"] as const) {
    const report = await doctor(model({ norm: quick }), healthy, { ...options, phase });
    expect(report.causes).toEqual([]);
    expect(report.bad).toEqual({});
    expect(report.gapStartsAt).toBeUndefined();
    expect(report.layers.map(({ name }) => name)).toEqual(["bn1", "bn2"]);
    for (const { divergence, outputError } of report.layers) {
      expect(divergence).toBeLessThan(0.01);
      expect(outputError).toBeLessThan(0.25);
    }
  }
  expect(readFileSync(healthy)).toEqual(before);
});

test("the reported scores with the averages are those of the net itself", async () => {
  const report = await doctor(model({ norm: quick }), healthy, options);
  const net = await Net.load(model({ norm: quick }), { ...options, weights: healthy });
  const sums = { accuracy: 0, loss: 0 };
  for (let i = 0; i < 5; i++) {
    const { accuracy, loss } = await net.forward();
    sums.accuracy += (accuracy?.[0] ?? 0) / 5;
    sums.loss += (loss?.[0] ?? 0) / 5;
  }
  await net.dispose();
  expect(report.global.outputs.accuracy).toBeCloseTo(sums.accuracy, 5);
  expect(report.global.loss).toBeCloseTo(sums.loss, 4);
});

test("names an average that is too slow", async () => {
  // With the default of 0.999, the average still contains all 30 iterations with a large learning rate.
  const weights = await trained(model({}), fileOf("slow"), 30, 0.5);
  const { causes, layers, batch, global } = await doctor(model({}), weights, options);
  expect(causes.map(({ kind }) => kind)).toEqual(["slow average"]);
  expect(causes[0]?.evidence.join("\n")).toMatch(/factor of 29\.569: about 30 updates/);
  expect(layers[1]?.divergence).toBeGreaterThan(0.1);
  expect(global.loss).toBeGreaterThan(batch.loss ?? 0);
});

test("names statistics of another domain", async () => {
  const { causes, gapStartsAt, ranking } = await doctor(model({ norm: quick, testScale: 1 / 700 }), healthy, options);
  expect(causes.map(({ kind }) => kind)).toEqual(["other domain"]);
  expect(causes[0]?.layers[0]).toBe("bn1");
  expect(gapStartsAt).toBe("bn1");
  expect([...ranking].sort()).toEqual(["bn1", "bn2"]);
});

test("names use_global_stats: true in TRAIN, where averages never move", async () => {
  // With eps 1 it trains as if there were no BatchNorm.
  const frozen = model({ norm: "use_global_stats: true eps: 1" });
  const weights = await trained(frozen, fileOf("frozen"), 100);
  const { causes } = await doctor(frozen, weights, options);
  expect(causes.map(({ kind, layers }) => [kind, layers])).toEqual([["hard-coded", ["bn1", "bn2"]]]);
  expect(causes[0]?.evidence[0]).toMatch(/^<text>:\d+:\d+: use_global_stats: true, in 2 BatchNorm layers/);
});

test("names use_global_stats: false in TEST", async () => {
  const net = model({ norm: quick, testNorm: `${quick} use_global_stats: false` });
  const { causes } = await doctor(net, healthy, options);
  expect(causes.map(({ kind, layers }) => [kind, layers])).toEqual([["hard-coded", ["bn2"]]]);
});

test("names empty blobs", async () => {
  const weights = withBlobs(healthy, fileOf("empty"), "bn2", (values) => values.fill(0));
  const { causes, gapStartsAt } = await doctor(model({ norm: quick }), weights, options);
  expect(causes.map(({ kind, layers }) => [kind, layers])).toEqual([["empty", ["bn2"]]]);
  expect(gapStartsAt).toBe("bn2");
});

test("names tiny batches, both the given ones and smaller ones of TRAIN", async () => {
  const tiny = model({ norm: quick, batch: 2 });
  const weights = await trained(tiny, fileOf("tiny"), 200, 0.01);
  const own = await doctor(tiny, weights, { ...options, phase: "TRAIN", iterations: 40 });
  expect(own.causes.map(({ kind, layers }) => [kind, layers])[0]).toEqual(["tiny batches", ["bn2"]]);
  expect(own.causes[0]?.evidence[0]).toBe("these batches have 2 images, bn2 2 values a channel (m)");
  const reckoned = await doctor(tiny, weights, options);
  expect(reckoned.causes[0]?.kind).toBe("tiny batches");
  expect(reckoned.causes[0]?.evidence[0]).toBe("the batches of TRAIN have 2 images, bn2 2 values a channel (m)");
});

test("names the first layer whose output is not finite, and the cause", async () => {
  const weights = withBlobs(
    healthy,
    fileOf("nan"),
    "ip1",
    (values, index) => index === 0 && values.fill(Number.NaN, 3, 4),
  );
  const { bad } = await doctor(model({ norm: quick }), weights, options);
  expect(bad.global).toMatchObject({ layer: "ip1", type: "InnerProduct", batch: 0, kind: "not finite" });
  expect(bad.global?.text).toMatch(/parameter 0 is not finite itself/);
  expect(bad.batch?.layer).toBe("ip1");
});

test("names the softmax that underflows to a loss of 87.3365", async () => {
  // The scores are so large and wrong that each correct class has a probability of 0.
  const labels = Array.from({ length: 64 }, (_, i) => i % 10);
  const wrong = labels.flatMap((label) => Array.from({ length: 10 }, (_, k) => (k === (label + 1) % 10 ? 1e4 : 0)));
  const net = `name: "scores"
    layer { name: "in" type: "Input" top: "x" top: "label" input_param { shape { dim: 1 dim: 10 } shape { dim: 1 } } }
    layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
    layer { name: "back" type: "Power" bottom: "x" top: "z" }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "z" bottom: "label" top: "loss" }
    layer { name: "rest" type: "Silence" bottom: "y" }`;
  const source = await Net.load(net, { engine: "reference" });
  await source.save(fileOf("scores"));
  await source.dispose();
  const data: Record<string, NdArray> = {
    x: { shape: [64, 10], data: Float32Array.from(wrong) },
    label: { shape: [64], data: Float32Array.from(labels) },
  };
  const { bad, batches, batchSize, global } = await doctor(net, fileOf("scores"), { engine: "reference", data });
  expect([batches, batchSize]).toEqual([2, 32]);
  expect(global.loss).toBeCloseTo(87.3365, 3);
  expect(bad.global).toMatchObject({ layer: "loss", kind: "underflow" });
  expect(bad.global?.text).toMatch(/scores "z" go up to ±1e\+04/);
});

test("a net without BatchNorm is checked only for blobs that are not finite", async () => {
  const net = `name: "plain"
    layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
    layer { name: "log" type: "Log" bottom: "x" top: "y" }`;
  const source = await Net.load(net, { engine: "reference" });
  await source.save(fileOf("plain"));
  await source.dispose();
  const look = (...values: number[]) => {
    const data = { x: { shape: [2, 2], data: Float32Array.from(values) } };
    return doctor(net, fileOf("plain"), { engine: "reference", data, batch: 1 });
  };
  expect(await look(1, 2, 3, 4)).toMatchObject({ layers: [], causes: [], bad: {} });
  expect((await look(1, 2, 3, 0)).bad.global).toMatchObject({ layer: "log", batch: 1, text: 'top "y" has -inf at 1' });
  const withNan = await look(1, Number.NaN, 3, 4);
  expect(withNan.bad.global?.text).toBe('top "x" has nan at 1');
});

test("a deploy net without labels is examined on a database that replaces its input", async () => {
  const deploy = normNet(folder.path, { norm: quick, deploy: true });
  const data = `${folder.path}/test_lmdb`;
  const well = await doctor(deploy, healthy, { ...options, data, batch: 50, scale: 1 / 256 });
  expect(well).toMatchObject({ causes: [], batches: 5, batchSize: 50, global: { outputs: {} } });
  const raw = await doctor(deploy, healthy, { ...options, data, batch: 50 });
  expect(raw.causes[0]?.kind).toBe("other domain");
});

test("says which data are missing", async () => {
  const deploy = normNet(folder.path, { deploy: true });
  await expect(doctor(deploy, healthy, options)).rejects.toThrow(/no data layers in phase TEST: give data for data/);
  const data = { data: { shape: [2, 1, 28, 28], data: new Float32Array(2 * 784) } };
  await expect(doctor(model({}), healthy, { ...options, data })).rejects.toThrow(/needs "label" too/);
  const strange = doctor(deploy, healthy, { ...options, data: { image: data.data } });
  await expect(strange).rejects.toThrow(/data for "image": the input blobs of this net are data$/);
  await expect(doctor(deploy, healthy, { ...options, data: "pictures.zip" })).rejects.toThrow(/give an LMDB's/);
  await expect(doctor(deploy, healthy, { ...options, data, batch: 0 })).rejects.toThrow(/batch must be 1 or more/);
});
