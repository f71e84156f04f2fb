// No gradient: it has no bottoms and no parameters.
// Numbers: the caller gives them.
import { describe, expect, test } from "vitest";
import { testContract } from "../../../test/contract.js";
import { netFromText } from "../../../test/nets.js";
import { createImages } from "../../platform/node/index.js";
import { Random } from "../../util/random.js";
import { MemoryDataLayer } from "./memory-data.js";

const layer = (param = "batch_size: 2 channels: 1 height: 1 width: 3", more = "") =>
  `layer { name: "layer" type: "MemoryData" top: "data" top: "label" memory_data_param { ${param} } ${more} }`;

async function memoryNet(...[text = layer(), setup]: Partial<Parameters<typeof netFromText>>) {
  const net = await netFromText(text, setup);
  const [memory] = net.layers;
  if (!(memory instanceof MemoryDataLayer)) throw new Error("the first layer is not MemoryData");
  return { net, memory };
}

/** Four images of three values, 0 … 11, and their labels. */
const data = Float32Array.from({ length: 12 }, (_, i) => i);
const labels = Float32Array.of(5, 6, 7, 8);

test("gives out batch after batch, and starts again", async () => {
  const { net, memory } = await memoryNet();
  expect(net.blobs.get("data")?.shape).toEqual([2, 1, 1, 3]);
  expect(net.blobs.get("label")?.shape).toEqual([2]);
  memory.reset(data, labels);
  const first = { data: data.slice(0, 6), label: labels.slice(0, 2) };
  expect(await net.forward()).toEqual(first);
  expect(await net.forward()).toEqual({ data: data.slice(6), label: labels.slice(2) });
  expect(await net.forward()).toEqual(first);
  await net.dispose();
});

test("starts from the beginning of what reset gives it", async () => {
  const { net, memory } = await memoryNet();
  memory.reset(data, labels);
  await net.forward();
  memory.reset(data.slice(6), labels.slice(2));
  expect((await net.forward()).label).toEqual(labels.slice(2));
  expect((await net.forward()).label).toEqual(labels.slice(2));
  await net.dispose();
});

test("warns that transform_param is not applied, as Caffe does", async () => {
  const warnings: string[] = [];
  const { net, memory } = await memoryNet(layer(undefined, "transform_param { scale: 2 }"), {
    log: (severity, _, message) => void (severity === "warning" && warnings.push(message)),
  });
  memory.reset(data, labels);
  expect(warnings).toEqual(["MemoryData does not transform array data on Reset()"]);
  expect((await net.forward()).data).toEqual(data.slice(0, 6));
  await net.dispose();
});

describe("add", () => {
  const record = (values: number[], label: number) => ({
    ...{ channels: 1, height: 1, width: values.length, data: Uint8Array.from(values), label },
  });
  const text = layer(undefined, "transform_param { scale: 2 mean_value: 1 crop_size: 1 }").replace(
    "width: 3",
    "width: 1",
  );

  test("transforms images, decodes those that are encoded, and gives them out once before it takes more", async () => {
    const { net, memory } = await memoryNet(text, { phase: "TEST" });
    const picture = { width: 3, height: 1, channels: 1, data: Uint8Array.of(50, 60, 70) };
    const file = { ...record([], 9), data: await createImages().encode(picture, "png"), encoded: true };
    await memory.add([record([1, 2, 3], 5), record([4, 5, 6], 6), file, record([7, 8, 9], 7)]);
    expect(await net.forward()).toEqual({ data: Float32Array.of(2, 8), label: Float32Array.of(5, 6) });
    await expect(memory.add([file, file])).rejects.toThrow(/can't add data until current data has been consumed$/);
    expect(await net.forward()).toEqual({ data: Float32Array.of(118, 14), label: Float32Array.of(9, 7) });
    await memory.add([file, file]);
    expect((await net.forward()).label).toEqual(Float32Array.of(9, 9));
    await net.dispose();
  });

  test("takes whole batches of images that fit", async () => {
    const { net, memory } = await memoryNet();
    await expect(memory.add([record([1, 2, 3], 0)])).rejects.toThrow(/a multiple of batch_size 2 images; given are 1$/);
    await expect(memory.add([record([1, 2, 3], 0), record([1, 2], 0)])).rejects.toThrow(
      /image 1 is 1 1 2 \(2\) when it is transformed, memory_data_param says 1 1 3 \(3\)$/,
    );
    await net.dispose();
  });

  test("draws as its own generator says, which is seeded when the layer is set up", async () => {
    const mirror = layer("batch_size: 20 channels: 1 height: 1 width: 3", "transform_param { mirror: true }");
    const { net, memory } = await memoryNet(mirror, { seed: 6 });
    await memory.add(Array.from({ length: 20 }, () => record([1, 2, 3], 0)));
    const own = new Random(6).fork();
    const wanted = Array.from({ length: 20 }, () => (own.below(2) === 1 ? [3, 2, 1] : [1, 2, 3]));
    expect([...(await net.forward()).data]).toEqual(wanted.flat());
    await net.dispose();
  });
});

test("a saved state gives the batches that would have come, of the same data", async () => {
  const { net, memory } = await memoryNet();
  memory.reset(data, labels);
  await net.forward();
  const state = JSON.parse(JSON.stringify(memory.saveState()));
  const other = await memoryNet();
  expect(() => other.memory.restoreState(state)).toThrow(
    /position 2 is in no data of 0 images; give the layer its data/,
  );
  other.memory.reset(data, labels);
  other.memory.restoreState(state);
  expect((await other.net.forward()).label).toEqual(labels.slice(2));
  for (const position of [1, 4, -2, "2", undefined]) {
    expect(() => other.memory.restoreState({ position })).toThrow(/^<text>:1:1: layer "layer" \(MemoryData\)/);
  }
  await net.dispose();
  await other.net.dispose();
});

describe("errors", () => {
  test("a size that is missing", async () => {
    await expect(netFromText(layer("batch_size: 2 channels: 3 width: 4"))).rejects.toThrow(
      '<text>:1:1: layer "layer" (MemoryData): memory_data_param needs batch_size, channels, height and width, ' +
        "all greater than 0; they are 2, 3, 0 and 4",
    );
  });

  test("a forward without data", async () => {
    const { net } = await memoryNet();
    await expect(net.forward()).rejects.toThrow(/has no data: give it some with reset\(data, labels\) before forward$/);
    await net.dispose();
  });

  test("data that do not fill whole batches", async () => {
    const { net, memory } = await memoryNet();
    expect(() => memory.reset(data.slice(0, 9), labels.slice(0, 3))).toThrow(
      '<text>:1:1: layer "layer" (MemoryData): takes a multiple of batch_size 2 images of 3 values; ' +
        "given are 9 values and 3 labels",
    );
    expect(() => memory.reset(data, labels.slice(2))).toThrow(/given are 12 values and 2 labels$/);
    expect(() => memory.reset(new Float32Array(0), new Float32Array(0))).toThrow(/given are 0 values and 0 labels$/);
    await net.dispose();
  });
});

testContract("MemoryData", {
  tops: ["data", "label"],
  param: "memory_data_param { batch_size: 1 channels: 2 height: 1 width: 1 }",
  prepare: ({ layers: [layer] }) =>
    (layer as MemoryDataLayer).reset(new Float32Array(4).fill(1), Float32Array.of(5, 6)),
  changes: ["TRAIN", "TEST"],
});
