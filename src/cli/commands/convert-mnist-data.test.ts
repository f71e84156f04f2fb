import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { createFiles } from "#platform";
import { moka } from "../../../test/cli.js";
import { type Backend, openDatabase } from "../../data/database.js";
import { Lmdb } from "../../data/lmdb/reader.js";
import { readDatum } from "../../proto/binary/index.js";
import { bytesSource } from "../../util/files.js";

const golden = fileURLToPath(new URL("../../../test/golden/files/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-convert-"));
afterAll(() => rmSync(folder, { recursive: true }));

const images = `${golden}glyphs-test-images-idx3-ubyte.gz`;
const labels = `${golden}glyphs-test-labels-idx1-ubyte.gz`;

function records(path: string): { key: string; label: number; data: Uint8Array }[] {
  const cursor = new Lmdb(bytesSource(readFileSync(path)), path).cursor();
  const found = [];
  for (let more = cursor.first(); more; more = cursor.next()) {
    const { label, data } = readDatum(cursor.value);
    found.push({ key: new TextDecoder().decode(cursor.key), label, data: data.slice() });
  }
  return found;
}

test("makes of IDX files the database Caffe's own converter made", async () => {
  const { code, out } = await moka("convert_mnist_data", images, labels, join(folder, "all"));
  expect(code).toBe(0);
  expect(out).toBe(`300 images of 28×28 written to ${folder}/all/data.mdb\n`);
  expect(records(join(folder, "all/data.mdb"))).toEqual(records(`${golden}glyphs_test_lmdb/data.mdb`));
});

test("--skip and --count take a part", async () => {
  await moka("convert_mnist_data", images, labels, join(folder, "part"), "--skip", "100", "--count", "5");
  const whole = records(`${golden}glyphs_test_lmdb/data.mdb`).slice(100, 105);
  expect(records(join(folder, "part/data.mdb")).map(({ data }) => data)).toEqual(whole.map(({ data }) => data));
});

/** Keys and values of a database, each as a line. */
async function contents(backend: Backend, path: string): Promise<string[]> {
  const database = await openDatabase(createFiles(), backend, path);
  const cursor = database.cursor();
  const lines: string[] = [];
  for (let more = await cursor.first(); more; more = await cursor.next()) {
    lines.push(`${new TextDecoder().decode(cursor.key)} ${Buffer.from(cursor.value).toString("hex")}`);
  }
  database.close();
  return lines;
}

test("--backend leveldb makes one of those, with the same records", async () => {
  const path = join(folder, "leveldb");
  const { code } = await moka("convert_mnist_data", images, labels, path, "--backend", "leveldb");
  expect(code).toBe(0);
  const [made, wanted] = await Promise.all([contents("leveldb", path), contents("lmdb", `${golden}glyphs_test_lmdb`)]);
  expect(made.length).toBe(300);
  expect(made.join("\n") === wanted.join("\n")).toBe(true);
});

test("a database that is there already is left alone", async () => {
  const { code, err } = await moka("convert_mnist_data", images, labels, join(folder, "all"));
  expect(code).toBe(1);
  expect(err).toContain("already");
});

test("files that do not belong together are refused", async () => {
  const { code, err } = await moka("convert_mnist_data", labels, images, join(folder, "none"));
  expect(code).toBe(1);
  expect(err).toContain("labels-idx1-ubyte.gz");
  expect((await moka("convert_mnist_data", images, labels, join(folder, "none"), "--skip", "300")).code).toBe(2);
});
