import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "npyjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { Net } from "../../index.js";

const golden = fileURLToPath(new URL("../../../test/golden/files/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-extract-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = join(folder, "net.prototxt");
const weights = join(folder, "net.caffemodel");
writeFileSync(
  model,
  `layer { name: "data" type: "Data" top: "data" top: "label"
     data_param { source: "${golden}glyphs_test_lmdb" batch_size: 10 backend: LMDB } }
   layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
     inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }`,
);
let expected: Float32Array;
beforeAll(async () => {
  const net = await Net.load(model, { seed: 2 });
  await net.save(weights);
  expected = (await net.forward()).ip ?? new Float32Array(0);
  await net.dispose();
});

test("takes the arguments of Caffe's tool, several blobs at once", async () => {
  const outputs = `${join(folder, "ip.npy")},${join(folder, "label.npy")}`;
  const { code, err } = await moka("extract_features", weights, model, "ip,label", outputs, "2", "npy", "CPU");
  expect(code).toBe(0);
  expect(err).toContain("Extracted features of 20 query images for feature blob ip");
  const { shape, data } = parse(new Uint8Array(readFileSync(join(folder, "ip.npy"))).buffer);
  expect(shape).toEqual([20, 4]);
  const first = [...(data as Float32Array)].slice(0, 40);
  for (const [i, value] of first.entries()) expect(value).toBeCloseTo(expected[i] ?? 0, 3);
  expect(parse(new Uint8Array(readFileSync(join(folder, "label.npy"))).buffer).shape).toEqual([20]);
});

test("--json says how many records there are", async () => {
  const { out } = await moka("extract_features", weights, model, "ip", join(folder, "db"), "3", "lmdb", "--json");
  expect(JSON.parse(out)).toEqual({ ip: 30 });
});

test("calls that are wrong", async () => {
  const call = (...args: string[]) => moka("extract_features", weights, model, ...args);
  expect((await call("ip", join(folder, "x"), "0", "lmdb")).code).toBe(2);
  expect((await call("ip", join(folder, "x"), "1", "sqlite")).code).toBe(2);
  const { code, err } = await call("fc7", join(folder, "x"), "1", "lmdb");
  expect(code).toBe(2);
  expect(err).toContain('the net has no blob "fc7"; it has data, label, ip');
});
