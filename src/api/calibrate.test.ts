import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digitsFolder, normNet, trained, withBlobs } from "../../test/norm-nets.js";
import { blobValues, readNet } from "../proto/binary/index.js";
import { type CalibrateOptions, calibrate } from "./calibrate.js";
import { Net } from "./net.js";

const options: CalibrateOptions = { engine: "wasm", threads: 1 };
let folder: Awaited<ReturnType<typeof digitsFolder>>;
beforeAll(async () => {
  folder = await digitsFolder(1000, 1000);
});
afterAll(() => folder.remove());

const fileOf = (name: string) => `${folder.path}/${name}.caffemodel`;

/** All blobs of a file by layer. */
function blobsOf(path: string): Map<string, Float32Array[]> {
  const { layer } = readNet(new Uint8Array(readFileSync(path)), path);
  return new Map(layer.map(({ name, blobs }) => [name, blobs.map((blob) => blobValues(blob).data)]));
}

test("a net whose statistics are lost has its accuracy again with either method, and its other weights unchanged", async () => {
  const model = normNet(folder.path, { norm: "moving_average_fraction: 0.95" });
  const whole = await trained(model, fileOf("whole"), 250);
  const lost = ["bn1", "bn2"].reduce(
    (from, layer) => withBlobs(from, fileOf("lost"), layer, (values) => values.fill(0)),
    whole,
  );
  const reference = await calibrate(model, whole, { ...options, iterations: 10 });
  const wanted = reference.before.outputs.accuracy ?? 0;
  expect(wanted).toBeGreaterThan(0.9);
  for (const method of ["pooled", "moving"] as const) {
    const output = fileOf(method);
    const report = await calibrate(model, lost, { ...options, iterations: 30, method, output });
    expect(report).toMatchObject({ method, phase: "TRAIN", scoredOn: "TEST", batches: 30, output });
    expect(report.before.outputs.accuracy).toBeLessThan(wanted - 0.1);
    expect(Math.abs((report.after.outputs.accuracy ?? 0) - wanted)).toBeLessThanOrEqual(0.005);

    // The written weights have the reported statistics, and testing gives the reported scores.
    const net = await Net.load(model, { ...options, weights: output });
    let accuracy = 0;
    for (let i = 0; i < 10; i++) accuracy += ((await net.forward()).accuracy?.[0] ?? 0) / 10;
    await net.dispose();
    expect(Math.abs(accuracy - wanted)).toBeLessThanOrEqual(0.005);
    const [before, after] = [blobsOf(whole), blobsOf(output)];
    expect([...after.keys()]).toEqual([...before.keys()]);
    for (const [name, blobs] of before) if (!name.startsWith("bn")) expect(after.get(name)).toEqual(blobs);
    expect(after.get("bn2")?.[2]?.[0]).toBe(method === "pooled" ? 1 : Math.fround(report.layers[1]?.factor ?? 0));
  }
});

const inner = (name: string, bottom: string, rest = "") =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}"
    inner_product_param { num_output: 3 weight_filler { type: "gaussian" std: 1 } } }
  layer { name: "${name}_bn" type: "BatchNorm" bottom: "${name}" top: "${name}" ${rest} batch_norm_param { moving_average_fraction: 0.9 } }`;
const deep = (rest = "") => `name: "deep"
  layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
  ${inner("a", "x", rest)}
  layer { name: "relu" type: "ReLU" bottom: "a" top: "a" }
  ${inner("b", "a", rest)}`;

/** 32 rows of 3 values, whose distribution changes from row to row. */
const rows = Float32Array.from({ length: 96 }, (_, i) => Math.sin(i * i) + i / 40);

/** Saved weights of an untrained net. */
async function fresh(model: string, name: string): Promise<string> {
  const net = await Net.load(model, { engine: "reference", seed: 5 });
  await net.save(fileOf(name));
  await net.dispose();
  return fileOf(name);
}

test("moving gives the statistics that training gives on the same batches", async () => {
  const weights = await fresh(deep(), "moving_in");
  const output = fileOf("moving_out");
  const data = { x: { shape: [32, 3], data: rows } };
  await calibrate(deep(), weights, { engine: "reference", data, batch: 4, method: "moving", output });
  const net = await Net.load(deep(), { engine: "reference", phase: "TRAIN", weights });
  for (let i = 0; i < 8; i++) await net.forward({ x: rows.subarray(12 * i, 12 * (i + 1)) });
  for (const [name, blobs] of blobsOf(output)) {
    expect(blobs).toEqual((net.params.get(name) ?? []).map(({ data }) => data));
  }
  await net.dispose();
});

test("pooled gives mean and total variance of a layer's inputs while the layers before it normalize by the batch", async () => {
  const weights = await fresh(deep(), "pooled_in");
  const output = fileOf("pooled_out");
  const data = { x: { shape: [32, 3], data: rows } };
  const { layers } = await calibrate(deep(), weights, { engine: "reference", data, batch: 4, output });
  const net = await Net.load(deep(), { engine: "reference", phase: "TRAIN", weights });
  const inputs: Record<string, number[][]> = { a_bn: [[], [], []], b_bn: [[], [], []] };
  for (let i = 0; i < 8; i++) {
    const x = rows.subarray(12 * i, 12 * (i + 1));
    for (const [from, to, norm] of [
      ["in", "a", "a_bn"],
      ["a_bn", "b", "b_bn"],
    ] as const) {
      await net.forward(from === "in" ? { x } : {}, { from, to });
      net.blobs.get(to)?.data.forEach((value, at) => void inputs[norm]?.[at % 3]?.push(value));
    }
  }
  await net.dispose();
  const written = blobsOf(output);
  for (const [name, channels] of Object.entries(inputs)) {
    const [mean, variance, factor] = written.get(name) ?? [];
    expect([...(factor ?? [])]).toEqual([1]);
    channels.forEach((values, c) => {
      const center = values.reduce((a, b) => a + b, 0) / 32;
      expect(mean?.[c]).toBeCloseTo(center, 5);
      const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
      expect(variance?.[c]).toBeCloseTo(squares / 31, 4);
    });
  }
  expect(layers.map(({ name }) => name)).toEqual(["a_bn", "b_bn"]);
  expect(layers[0]?.varianceRatio.max).toBe(Number.POSITIVE_INFINITY);
});

test("layers that share their statistics are pooled as one", async () => {
  const shared = ["M", "V", "s"].map((name) => `param { name: "${name}" lr_mult: 0 }`).join(" ");
  const weights = await fresh(deep(shared), "shared_in");
  const [together, apart] = [fileOf("together"), fileOf("apart")];
  const common = { engine: "reference", data: { x: { shape: [32, 3], data: rows } }, batch: 4 } as const;
  await calibrate(deep(shared), weights, { ...common, output: together });
  await calibrate(deep(), weights, { ...common, output: apart });
  const [one, two] = [blobsOf(together), blobsOf(apart)];
  expect(one.get("a_bn")).toEqual(one.get("b_bn"));
  const [first, second] = [two.get("a_bn")?.[0] ?? [], two.get("b_bn")?.[0] ?? []];
  one.get("a_bn")?.[0]?.forEach((mean, c) => {
    expect(mean).toBeCloseTo(((first[c] ?? 0) + (second[c] ?? 0)) / 2, 5);
  });
});

test("layers that the net does not have stay in the file, and missing statistics are added to it", async () => {
  const weights = await fresh(deep(), "other_in");
  const output = fileOf("other_out");
  const short = deep()
    .replace(/layer \{ name: "relu"[\s\S]*/, "")
    .replaceAll("a_bn", "new_bn");
  await calibrate(short, weights, { engine: "reference", data: { x: { shape: [32, 3], data: rows } }, output });
  const [before, after] = [blobsOf(weights), blobsOf(output)];
  expect(after.get("b")).toEqual(before.get("b"));
  expect(after.get("a_bn")).toEqual(before.get("a_bn"));
  expect(after.get("new_bn")?.map(({ length }) => length)).toEqual([3, 3, 1]);
});

test("refuses invalid options", async () => {
  const weights = await fresh(deep(), "refused");
  const data = { x: { shape: [32, 3], data: rows } };
  const call = (more: object, model = deep()) => calibrate(model, weights, { engine: "reference", data, ...more });
  await expect(call({ method: "median" })).rejects.toThrow(/no method "median"; there are pooled, moving/);
  await expect(call({ output: `${folder.path}/none/x.caffemodel` })).rejects.toMatchObject({ code: "MOKA_FILE" });
  const bare = 'layer { name: "in" type: "Input" top: "x" }\nlayer { name: "p" type: "Power" bottom: "x" top: "y" }';
  await expect(call({}, bare)).rejects.toThrow(/no BatchNorm layers to calibrate/);
  await expect(call({ data: { x: { shape: [32, 4], data: rows } } })).rejects.toThrow(/32 4/);
});
