import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { createFiles } from "#platform";
import { openDatabase } from "../data/database.js";
import { readIdxImages, writeIdx } from "../data/idx.js";
import { readDatum } from "../proto/binary/index.js";
import { Random } from "../util/random.js";
import { convertMnistSiameseData } from "./convert-mnist-siamese-data.js";

const golden = fileURLToPath(new URL("../../test/golden/files/", import.meta.url));
const images = `${golden}glyphs-test-images-idx3-ubyte.gz`;
const labels = `${golden}glyphs-test-labels-idx1-ubyte.gz`;
const folder = mkdtempSync(join(tmpdir(), "moka-siamese-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function records(backend: "lmdb" | "leveldb", path: string) {
  const database = await openDatabase(createFiles(), backend, path);
  const cursor = database.cursor();
  const found = [];
  for (let more = await cursor.first(); more; more = await cursor.next()) {
    const { data, ...datum } = readDatum(cursor.value);
    found.push({ ...datum, key: new TextDecoder().decode(cursor.key), data: Buffer.from(data).toString("hex") });
  }
  database.close();
  return found;
}

test("pairs are two images of the draws, and 1 where their classes are one", async () => {
  const path = join(folder, "leveldb");
  const { count, similar } = await convertMnistSiameseData(images, labels, path, { seed: 5 });
  const made = await records("leveldb", path);
  expect(made.length).toBe(count);
  expect(count).toBe(300);
  expect(made.filter(({ label }) => label === 1).length).toBe(similar);
  const load = (file: string) => ({ bytes: readFileSync(file), file });
  const set = await readIdxImages(load(images), load(labels));
  const random = new Random(5);
  for (const [n, { key, label, data, channels, height, width }] of made.entries()) {
    const [i, j] = [random.next() % 300, random.next() % 300];
    const pixels = [i, j]
      .map((at) => Buffer.from(set.pixels.subarray(at * 784, (at + 1) * 784)).toString("hex"))
      .join("");
    expect([key, channels, height, width]).toEqual([String(n).padStart(8, "0"), 2, 28, 28]);
    expect(label).toBe(set.labels[i] === set.labels[j] ? 1 : 0);
    expect(data === pixels).toBe(true);
  }
});

test("an LMDB has the same records; another seed draws other pairs", async () => {
  await convertMnistSiameseData(images, labels, join(folder, "lmdb"), { seed: 5, backend: "lmdb" });
  expect(await records("lmdb", join(folder, "lmdb"))).toEqual(await records("leveldb", join(folder, "leveldb")));
  await convertMnistSiameseData(images, labels, join(folder, "other"), { seed: 6, backend: "lmdb" });
  expect(await records("lmdb", join(folder, "other"))).not.toEqual(await records("lmdb", join(folder, "lmdb")));
});

test("files without images, that do not fit, and a database that is there already", async () => {
  const fails = (first: string, second: string, path: string) =>
    expect(convertMnistSiameseData(first, second, path)).rejects;
  await fails(labels, images, join(folder, "none")).toThrow("no gray images");
  await fails(images, labels, join(folder, "leveldb")).toThrow("there is a LevelDB already");
  writeFileSync(join(folder, "i"), writeIdx({ shape: [0, 2, 2], data: new Uint8Array(0) }));
  writeFileSync(join(folder, "l"), writeIdx({ shape: [0], data: new Uint8Array(0) }));
  await fails(join(folder, "i"), join(folder, "l"), join(folder, "none")).toThrow("has no images");
});
