import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digitsFolder, type NormNet, normNet, trained, withBlobs } from "../../test/norm-nets.js";
import { digits } from "../data/digits/index.js";
import type { NdArray } from "../util/nd-array.js";
import { type DoctorOptions, type DoctorReport, doctor } from "./doctor.js";
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

const kindsOf = ({ causes }: DoctorReport) => causes.map(({ kind, shown }) => [kind, shown]);

test("shows that averages have not followed the training, by measuring them anew", async () => {
  // With the default of 0.999, the average still contains all 30 iterations with a large learning rate.
  const weights = await trained(model({}), fileOf("slow"), 30, 0.5);
  const report = await doctor(model({}), weights, options);
  expect(kindsOf(report)).toEqual([["stale", true]]);
  expect(report.verdict).toBe("batch-norm");
  expect(report.causes[0]?.evidence.join("\n")).toMatch(/factor of bn\d is 29\.569: about 30 updates/);
  expect(report.tried.join("\n")).toMatch(/all averages measured anew on the training data: accuracy/);
  expect(report.global.loss).toBeGreaterThan(report.batch.loss ?? 0);
});

test("shows on which scale the data were in training, if it is one that programs use", async () => {
  const report = await doctor(model({ norm: quick, testScale: 1 }), healthy, options);
  expect([report.verdict, ...kindsOf(report)]).toEqual(["elsewhere", ["input", true]]);
  expect(report.causes[0]?.title).toMatch(/it had them multiplied by about 0\.0039\d+ \(1\/25[56]\)/);
  expect(report.gapStartsAt).toBe("bn1");
  expect([...report.ranking].sort()).toEqual(["bn1", "bn2"]);
});

test("another scale is only possible, beside data of another kind", async () => {
  const report = await doctor(model({ norm: quick, testScale: 1 / 700 }), healthy, options);
  expect([report.verdict, ...kindsOf(report)]).toEqual(["elsewhere", ["other data", true], ["input", false]]);
  expect(report.causes[1]?.title).toMatch(/it had them multiplied by about 2\.7\d/);
  expect(report.causes[1]?.against).toEqual([expect.stringMatching(/^the scale is none that programs use/)]);
});

test("shows what blobs of a tool mean: σ, exchanged, not divided", async () => {
  const change = (name: string, layer: string, edit: Parameters<typeof withBlobs>[3]) =>
    doctor(model({ norm: quick }), withBlobs(healthy, fileOf(name), layer, edit), options);
  const sigma = await change("sigma", "bn1", (values, index) => {
    if (index === 1) values.set(values.map((value) => 19.9909 * Math.sqrt(value / 19.9909)));
  });
  expect(kindsOf(sigma)).toEqual([["reading", true]]);
  expect(sigma.causes[0]?.title).toBe("the blobs of bn1 hold σ, not the variance, as second blob");
  const undivided = await change("undivided", "bn1", (values, index) => index === 2 && values.fill(1));
  expect(kindsOf(undivided)).toEqual([["reading", true]]);
  expect(undivided.causes[0]?.remedy).toMatch(/^In the weights, set the factor to 20/);
  const negated = await change("negated", "bn2", (values, index) => {
    if (index === 0) values.set(values.map((value) => -value));
  });
  expect(negated.causes[0]?.title).toBe("the blobs of bn2 hold the mean with the opposite sign");
  const leftOut = await change("left out", "bn1", (values, index) => index === 2 && values.fill(0));
  expect(leftOut.layers[0]?.reading).toMatchObject({ state: "left out", text: expect.stringMatching(/^0, though/) });
});

test("shows another eps, by the record of the trained net and without it", async () => {
  const bare = fileOf("bare").replace(/caffemodel$/, "caffemodel.h5");
  const net = await Net.load(model({ norm: quick }), { ...options, weights: healthy });
  await net.save(bare);
  await net.dispose();
  for (const weights of [healthy, bare]) {
    const report = await doctor(model({ norm: `${quick} eps: 2` }), weights, options);
    expect([report.verdict, ...kindsOf(report)]).toEqual(["batch-norm", ["eps", true]]);
    expect(report.causes[0]?.title).toMatch(/^eps is not that of the training: eps: 1e-05 in /);
  }
});

test("says how the net differs from the record of the trained net, also where that does no harm", async () => {
  const noRelu = model({ norm: quick }).replace(/layer \{ name: "relu1".*?\n/, "");
  const { verdict, notes } = await doctor(noRelu, healthy, options);
  expect(verdict).toBe("well");
  expect(notes).toEqual(['the weights were saved from a net with ReLU "relu1" behind "scale1"; this one is without']);
});

test("says that BatchNorm is not the cause where labels are exchanged, or the net has no weights of its own", async () => {
  const { pixels, labels, count } = digits({ count: 200, seed: 9 });
  const data = {
    data: { shape: [count, 1, 28, 28], data: Float32Array.from(pixels, (value) => value / 256) },
    label: { shape: [count], data: Float32Array.from(labels, (label) => (label + 1) % 10) },
  };
  const exchanged = await doctor(model({ norm: quick }), healthy, { ...options, data, iterations: undefined });
  expect([exchanged.verdict, ...kindsOf(exchanged)]).toEqual(["elsewhere", ["labels", true]]);
  const renamed = model({ norm: quick }).replaceAll('name: "ip1"', 'name: "ip1_new"');
  const random = await doctor(renamed, healthy, options);
  expect([random.verdict, ...kindsOf(random)]).toEqual(["elsewhere", ["unfilled", true]]);
  expect(random.causes[0]?.evidence).toContain('"ip1" of the weights fits ip1_new');
});

test("one image cannot tell, and says how many are needed", async () => {
  const { pixels } = digits({ count: 1, seed: 9 });
  const data = { data: { shape: [1, 1, 28, 28], data: Float32Array.from(pixels, (value) => value / 256) } };
  const report = await doctor(model({ norm: quick, deploy: true }), healthy, { ...options, data });
  expect([report.verdict, report.causes]).toEqual(["cannot-tell", []]);
  expect(report.notes.join("\n")).toMatch(/one image tells too little about averages: give \d+ or more/);
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

test("does not blame small batches that do no harm", async () => {
  const tiny = model({ norm: quick, batch: 2 });
  const weights = await trained(tiny, fileOf("tiny"), 200, 0.01);
  for (const phase of ["TRAIN", "TEST"] as const) {
    const { causes } = await doctor(tiny, weights, { ...options, phase, iterations: phase === "TRAIN" ? 100 : 5 });
    expect(causes.filter(({ kind }) => kind === "small batches")).toEqual([]);
  }
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

test.each([
  [0, undefined],
  [0.4, undefined],
  [0.9, "underflow"],
  [1, "underflow"],
])("names the softmax in which a share of %d of the labels has a probability of 0", async (share, kind) => {
  // The scores are so large and wrong that the right class of this share of the images has a probability of 0.
  const labels = Array.from({ length: 64 }, (_, i) => i % 10);
  const isWrong = (i: number) => i % 32 < 32 * share;
  const wrong = labels.flatMap((label, i) =>
    Array.from({ length: 10 }, (_, k) => (k === (label + (isWrong(i) ? 1 : 0)) % 10 ? 1e4 : 0)),
  );
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
  expect(global.loss).toBeCloseTo((Math.ceil(32 * share) / 32) * 87.3365, 3);
  expect(bad.global?.kind).toBe(kind);
  if (kind)
    expect(bad.global?.text).toMatch(/^"loss" is [78]\d\.\d+, of at most 87\.3365: .*values of "z" go up to ±1e\+04/);
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
  expect(kindsOf(raw)).toEqual([["input", true]]);
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
