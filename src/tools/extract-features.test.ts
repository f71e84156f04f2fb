import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary, isFieldSet } from "@bufbuild/protobuf";
import { parse } from "npyjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFiles } from "#platform";
import { Net } from "../api/net.js";
import { openDatabase } from "../data/database.js";
import { floatsOf, readHdf5 } from "../data/hdf5.js";
import { type Datum, DatumSchema } from "../proto/gen/caffe_pb.js";
import { extractFeatures } from "./extract-features.js";

const source = fileURLToPath(new URL("../../test/golden/files/glyphs_test_lmdb", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-features-"));

const text = `layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.00390625 }
    data_param { source: "${source}" batch_size: 7 backend: LMDB } }
  layer { name: "a/ip" type: "InnerProduct" bottom: "data" top: "a/ip"
    inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }`;
let net: Net;
beforeAll(async () => {
  net = await Net.load(text, { engine: "reference", seed: 1 });
});
afterAll(async () => {
  await net.dispose();
  rmSync(folder, { recursive: true });
});

/** What three batches hold, by a net of their own. */
async function expected(): Promise<Float32Array> {
  const own = await Net.load(text, { engine: "reference", seed: 1 });
  const values = new Float32Array(3 * 7 * 5);
  for (let batch = 0; batch < 3; batch++) {
    await own.forward();
    values.set(own.blobs.get("a/ip")?.data ?? [], batch * 35);
  }
  await own.dispose();
  return values;
}

test.each(["lmdb", "leveldb"] as const)("writes a record for each image to a %s", async (backend) => {
  const fresh = await Net.load(text, { engine: "reference", seed: 1 });
  const outputs = [join(folder, `ip_${backend}`), join(folder, `data_${backend}`)];
  const options = { blobs: ["a/ip", "data"], outputs, batches: 3, format: backend };
  expect(await extractFeatures(fresh, options)).toEqual([21, 21]);
  await fresh.dispose();
  const found: [string, Datum][] = [];
  const database = await openDatabase(createFiles(), backend, outputs[0] ?? "");
  const cursor = database.cursor();
  for (let more = await cursor.first(); more; more = await cursor.next()) {
    found.push([new TextDecoder().decode(cursor.key), fromBinary(DatumSchema, cursor.value.slice())]);
  }
  database.close();
  expect(found.map(([key]) => key)).toEqual(Array.from({ length: 21 }, (_, i) => String(i).padStart(10, "0")));
  expect(Float32Array.from(found.flatMap(([, { floatData }]) => floatData))).toEqual(await expected());
  const datum = found[0]?.[1];
  expect(datum).toMatchObject({ channels: 5, height: 1, width: 1 });
  expect(datum && isFieldSet(datum, DatumSchema.field.label)).toBe(false);
});

test("writes arrays as .npy and .h5", async () => {
  for (const format of ["npy", "h5"] as const) {
    const fresh = await Net.load(text, { engine: "reference", seed: 1 });
    const path = join(folder, `ip.${format}`);
    await extractFeatures(fresh, { blobs: ["a/ip"], outputs: [path], batches: 3, format });
    await fresh.dispose();
    const bytes = new Uint8Array(readFileSync(path));
    const dataset = format === "h5" ? (await readHdf5(bytes)).get("a/ip") : undefined;
    const { shape, data } =
      format === "npy" ? parse(bytes.buffer) : (dataset as { shape: number[]; data: Float32Array });
    expect(shape).toEqual([21, 5]);
    expect(floatsOf({ shape, data: data as Float32Array })).toEqual(await expected());
  }
});

test("calls that cannot be meant are refused", async () => {
  const call = (options: object) =>
    extractFeatures(net, { blobs: ["data"], outputs: [join(folder, "x")], batches: 1, format: "lmdb", ...options });
  await expect(call({ blobs: ["fc7"] })).rejects.toThrow('the net has no blob "fc7"; it has data, label, a/ip');
  await expect(call({ outputs: ["a", "b"] })).rejects.toThrow(/1 blobs and 2 outputs/);
  await expect(call({ blobs: ["data", "label"], outputs: ["a", "a"] })).rejects.toThrow(/two blobs/);
  await expect(call({ batches: 0 })).rejects.toThrow(/batches/);
  await expect(call({ outputs: [source] })).rejects.toThrow(/already/);
});
