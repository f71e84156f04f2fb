import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFiles, createImages } from "#platform";
import { moka } from "../../../test/cli.js";
import { openDatabase } from "../../data/database.js";
import { readDatum } from "../../proto/binary/index.js";

const folder = mkdtempSync(join(tmpdir(), "moka-convert-imageset-"));
afterAll(() => rmSync(folder, { recursive: true }));

const list = join(folder, "list.txt");
beforeAll(async () => {
  const image = { width: 4, height: 3, channels: 3, data: Uint8Array.from({ length: 36 }, (_, i) => i * 7) };
  writeFileSync(join(folder, "a.png"), await createImages().encode(image, "png"));
  writeFileSync(list, "a.png 7\nnone.png 1\n");
});

async function first(backend: "lmdb" | "leveldb", path: string) {
  const database = await openDatabase(createFiles(), backend, path);
  const cursor = database.cursor();
  expect(await cursor.first()).toBe(true);
  const { channels, height, width, label } = readDatum(cursor.value);
  database.close();
  return { channels, height, width, label };
}

test("takes the flags of Caffe's tool, and logs as it does", async () => {
  const path = join(folder, "small");
  const flags = ["-gray", "--shuffle=false", "-resize_height=2", "-resize_width", "2", "-backend", "leveldb"];
  const { code, out, err } = await moka("convert_imageset", ...flags, `${folder}/`, list, path);
  expect(code).toBe(0);
  expect(out).toBe(`1 images written to ${path}, 1 could not be read\n`);
  expect(err).toMatch(/^I.* convert_imageset\.cpp:89\] A total of 2 images\.$/m);
  expect(err).toMatch(/^E.* Could not open or find file .*none\.png/m);
  expect(err).toMatch(/Processed 1 files\.$/m);
  expect(await first("leveldb", path)).toEqual({ channels: 1, height: 2, width: 2, label: 7 });
});

test("--json, and forms of flags that are off", async () => {
  const path = join(folder, "plain");
  const { out } = await moka(
    "convert_imageset",
    "--nogray",
    "--encoded=0",
    "--check_size=true",
    "--json",
    folder,
    list,
    path,
  );
  expect(JSON.parse(out)).toEqual({ count: 1, skipped: 1 });
  expect(await first("lmdb", path)).toEqual({ channels: 3, height: 3, width: 4, label: 7 });
});

test("calls that are wrong, and a database that is there already", async () => {
  const call = (...args: string[]) => moka("convert_imageset", ...args, folder, list, join(folder, "plain"));
  expect((await call("--gray=perhaps")).code).toBe(2);
  expect((await call("--backend", "sqlite")).code).toBe(2);
  expect((await call("--resize_width", "5")).code).toBe(2);
  expect((await moka("convert_imageset", folder)).code).toBe(2);
  const { code, err } = await call();
  expect(code).toBe(1);
  expect(err).toContain("there is an LMDB already");
});
