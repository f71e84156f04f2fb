import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withBlobs } from "../../test/norm-nets.js";
import { Net } from "./net.js";
import { stats } from "./stats.js";

const folder = mkdtempSync(join(tmpdir(), "moka-stats-"));
const weights = join(folder, "net.caffemodel");
afterAll(() => rmSync(folder, { recursive: true }));

const model = `name: "two"
  layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 4 dim: 3 dim: 3 } } }
  layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" batch_norm_param { eps: 0.001 moving_average_fraction: 0.9 } }
  layer { name: "scale" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } }
  layer { name: "other" type: "BatchNorm" bottom: "y" top: "z" batch_norm_param { use_global_stats: true } }
  layer { name: "relu" type: "ReLU" bottom: "z" top: "z" }
  layer { name: "late" type: "Scale" bottom: "z" top: "z" }`;

beforeAll(async () => {
  const net = await Net.load(model, { engine: "reference" });
  const put = (layer: string, ...blobs: number[][]) =>
    blobs.forEach((values, i) => void net.params.get(layer)?.[i]?.data.set(values));
  put("bn", [1, 2, 3, 4], [2, 4, 0, 6], [2]);
  put("scale", [1, -2, 3, 0], [5, 6, 7, 8]);
  put("other", [1, 1, 1, 1], [1, -1, 2, 3], [1]);
  await net.save(weights);
  await net.save(`${weights}.h5`);
  await net.dispose();
});

test("shows the statistics as used and as stored, with the Scale after the layer", async () => {
  const { name, layers, missing } = await stats(model, weights);
  expect([name, missing, layers.length]).toEqual(["two", [], 2]);
  const [bn, other] = layers;
  expect(bn).toMatchObject({ name: "bn", channels: 4, eps: 0.001, fraction: 0.9, factor: 2, scale: "scale" });
  expect(bn?.useGlobalStats).toBeUndefined();
  expect(bn?.mean).toMatchObject({ values: [0.5, 1, 1.5, 2], min: 0.5, max: 2, mean: 1.25, median: 1 });
  expect(bn?.variance.values).toEqual([1, 2, 0, 3]);
  expect(bn?.rawVariance.values).toEqual([2, 4, 0, 6]);
  expect(bn?.gamma?.values).toEqual([1, -2, 3, 0]);
  expect(bn?.beta?.values).toEqual([5, 6, 7, 8]);
  expect(bn?.gain.values[0]).toBeCloseTo(1 / Math.sqrt(1.001), 6);
  expect(bn?.gain.values[1]).toBeCloseTo(-2 / Math.sqrt(2.001), 6);
  expect(bn?.dead.map(({ channel }) => channel)).toEqual([2, 3]);
  // The Scale after the ReLU does not belong to this layer.
  expect(other).toMatchObject({ useGlobalStats: true, reading: { state: "converted" } });
  expect(other?.scale).toBeUndefined();
  expect(other?.suspicious).toEqual([{ channel: 1, reason: "negative variance -1" }]);
});

test("a caffemodel is enough, as it describes its layers; an HDF5 file is not", async () => {
  expect(await stats(undefined, weights)).toEqual(await stats(model, weights));
  await expect(stats(undefined, `${weights}.h5`)).rejects.toThrow(/has no types at all: give the net's prototxt too/);
  expect((await stats(model, `${weights}.h5`)).layers).toEqual((await stats(model, weights)).layers);
});

test.each(["before", "behind"])("finds the Scale with another reader %s it", async (order) => {
  const pooling = 'layer { name: "pool" type: "Pooling" bottom: "y" top: "p" pooling_param { kernel_size: 3 } }';
  const scale = 'layer { name: "scale" type: "Scale" bottom: "y" top: "s" scale_param { bias_term: true } }';
  const readers = order === "before" ? [pooling, scale] : [scale, pooling];
  const head = model.split("\n").slice(0, 3);
  const net = await Net.load([...head, ...readers].join("\n"), { engine: "reference" });
  const path = join(folder, `${order}.caffemodel`);
  await net.save(path);
  await net.dispose();
  for (const text of [[...head, ...readers].join("\n"), undefined]) {
    const { layers } = await stats(text, path);
    expect(layers).toMatchObject([{ name: "bn", scale: "scale", gamma: { values: [1, 1, 1, 1] } }]);
  }
});

test("lists layers that are not in the weights", async () => {
  const { missing, layers } = await stats(model.replace('name: "other"', 'name: "renamed"'), weights);
  expect(missing).toEqual(["renamed"]);
  expect(layers.map(({ name }) => name)).toEqual(["bn"]);
});

test("a layer without blobs of its own shows those it shares", async () => {
  const shared = model
    .replaceAll(
      /(type: "BatchNorm" bottom: "\w" top: "\w")/g,
      '$1 param { name: "M" } param { name: "V" } param { name: "s" }',
    )
    .replace('name: "other"', 'name: "sharer"');
  const { layers, missing } = await stats(shared, weights);
  expect(missing).toEqual([]);
  expect(layers[1]).toMatchObject({ name: "sharer", factor: 2 });
});

test("leaves out the blobs of forks with a word, and refuses weights without BatchNorm", async () => {
  const { readNet, writeNet } = await import("../proto/binary/index.js");
  const { readFileSync, writeFileSync } = await import("node:fs");
  const fork = readNet(new Uint8Array(readFileSync(weights)));
  for (const layer of fork.layer) if (layer.name === "bn") layer.blobs = [...layer.blobs, ...layer.blobs.slice(0, 2)];
  writeFileSync(join(folder, "fork.caffemodel"), Buffer.concat(writeNet(fork)));
  const lines: string[] = [];
  const log = (_level: string, _at: string, line: string) => void lines.push(line);
  const { layers } = await stats(model, join(folder, "fork.caffemodel"), { log });
  expect(layers.map(({ name }) => name)).not.toContain("bn");
  expect(lines.join()).toMatch(
    /"bn" \(BatchNorm\) is a batch normalization of a fork, .* left out: stats reads the three/,
  );
  await expect(stats('name: "none"\n', weights)).rejects.toThrow(/the net has no BatchNorm layers/);
});

test("values that are not finite are named, not counted", async () => {
  const path = withBlobs(
    weights,
    join(folder, "nan.caffemodel"),
    "bn",
    (values, index) => index === 0 && values.fill(Number.NaN, 0, 1),
  );
  const { layers } = await stats(model, path);
  expect(layers[0]?.suspicious[0]).toEqual({ channel: 0, reason: "mean nan" });
  expect(layers[0]?.mean).toMatchObject({ min: 1, leftOut: 1 });
});
