import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createFiles } from "#platform";
import { openDatabase } from "../data/database.js";
import { readDatum } from "../proto/binary/index.js";
import { convertCifarData } from "./convert-cifar-data.js";

const folder = mkdtempSync(join(tmpdir(), "moka-cifar-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The bytes of image n of a file: label, then 1024 red, green and blue values each. */
const image = (file: number, n: number) =>
  Uint8Array.from({ length: 3073 }, (_, i) =>
    i === 0 ? (file + n) % 10 : (file * 50 + n * 7 + Math.floor((i - 1) / 1024)) % 256,
  );

/** A folder with CIFAR's six files of two images; `changes` replaces their bytes. */
function input(name: string, changes: Record<string, Uint8Array> = {}): string {
  mkdirSync(join(folder, name));
  for (const [i, file] of [
    "data_batch_1",
    "data_batch_2",
    "data_batch_3",
    "data_batch_4",
    "data_batch_5",
    "test_batch",
  ].entries()) {
    const bytes = changes[file] ?? Buffer.concat([image(i, 0), image(i, 1)]);
    writeFileSync(join(folder, name, `${file}.bin`), bytes);
  }
  return join(folder, name);
}

async function records(backend: "lmdb" | "leveldb", path: string) {
  const database = await openDatabase(createFiles(), backend, path);
  const cursor = database.cursor();
  const found: [string, Uint8Array][] = [];
  for (let more = await cursor.first(); more; more = await cursor.next()) {
    found.push([new TextDecoder().decode(cursor.key), cursor.value.slice()]);
  }
  database.close();
  return found;
}

test.each(["lmdb", "leveldb"] as const)("makes two databases, as %s", async (backend) => {
  const told: string[] = [];
  const out = join(folder, backend);
  const made = await convertCifarData(input(`in-${backend}`), out, { backend, log: (_s, _o, line) => told.push(line) });
  expect(made).toEqual({
    train: { path: `${out}/cifar10_train_${backend}`, count: 10 },
    test: { path: `${out}/cifar10_test_${backend}`, count: 2 },
  });
  const train = await records(backend, made.train.path);
  expect(train.map(([key]) => key)).toEqual(Array.from({ length: 10 }, (_, i) => `0000${i}`));
  const { channels, height, width, label, data } = readDatum(train[3]?.[1] as Uint8Array);
  expect([channels, height, width, label]).toEqual([3, 32, 32, 2]);
  expect(Buffer.compare(data, image(1, 1).subarray(1))).toBe(0);
  // As protocol buffers write it: channels, height, width, data (3072 bytes), label.
  expect(Buffer.from(train[3]?.[1].subarray(0, 9) ?? []).toString("hex")).toBe("080310201820228018");
  expect(Buffer.from(train[3]?.[1].subarray(-2) ?? []).toString("hex")).toBe("2802");
  expect((await records(backend, made.test.path)).map(([, value]) => readDatum(value).label)).toEqual([5, 6]);
  const batches = [1, 2, 3, 4, 5].map((n) => `Training Batch ${n}`);
  expect(told).toEqual(["Writing Training data", ...batches, "Writing Testing data"]);
});

test("what is missing, of another form, or there already, before anything is written", async () => {
  const out = join(folder, "none");
  const fails = (from: string, to = out) => expect(convertCifarData(from, to)).rejects;
  await fails(join(folder, "nowhere")).toThrow(/cannot open \S+data_batch_1.bin/);
  const cut = input("cut", { test_batch: image(0, 0).subarray(0, 3000) });
  await fails(cut).toThrow("test_batch.bin: 3000 bytes, no whole number of CIFAR-10's images of 3073 bytes");
  await fails(input("empty", { data_batch_2: new Uint8Array(0) })).toThrow(
    "data_batch_2.bin: 0 bytes, no whole number",
  );
  expect(existsSync(out)).toBe(false);
  const label = image(0, 0);
  label[0] = 10;
  await fails(input("label", { data_batch_3: label })).toThrow(
    "data_batch_3.bin: image 0 has label 10, where 0 to 9 are",
  );
  mkdirSync(join(folder, "old", "cifar10_test_lmdb"), { recursive: true });
  writeFileSync(join(folder, "old", "cifar10_test_lmdb", "data.mdb"), "mine");
  await fails(input("good"), join(folder, "old")).toThrow("cifar10_test_lmdb: there is an LMDB already");
  expect(existsSync(join(folder, "old", "cifar10_train_lmdb"))).toBe(false);
});
