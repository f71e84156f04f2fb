import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { dump } from "npyjs";
import { afterAll, expect, test } from "vitest";
import { loadArray, loadArrays } from "./arrays.js";

const folder = mkdtempSync(join(tmpdir(), "moka-npz-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A ZIP as NumPy writes it: local headers with an extra field, sizes in the directory. */
function zip(files: Record<string, Uint8Array>, deflate: boolean): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = deflate ? deflateRawSync(content) : Buffer.from(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    local.writeUInt16LE(4, 28);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(deflate ? 8 : 0, 10);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(content.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    parts.push(local, Buffer.from(name), Buffer.alloc(4), packed);
    directory.push(central, Buffer.from(name));
    offset += 34 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

const npy = (values: number[], shape: number[]) => new Uint8Array(dump(Float32Array.from(values), shape));
const path = join(folder, "a.npz");

test.each([false, true])("reads the arrays of a .npz, deflated: %s", async (deflate) => {
  writeFileSync(path, zip({ "data.npy": npy([1, 2, 3, 4], [2, 2]), "label.npy": npy([7, 8], [2]) }, deflate));
  expect(await loadArrays(path)).toEqual({
    data: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    label: { shape: [2], data: Float32Array.of(7, 8) },
  });
});

test("fewer values than the shape has are an error that names the file", async () => {
  const bytes = npy([1, 2, 3, 4], [2, 2]).subarray(0, -4);
  const message = `${path}: shape 2 2 has 4 values, data 3`;
  writeFileSync(path, zip({ "x.npy": bytes }, true));
  await expect(loadArrays(path)).rejects.toMatchObject({ code: "MOKA_DATA", message });
  writeFileSync(path, bytes);
  await expect(loadArray(path)).rejects.toMatchObject({ code: "MOKA_DATA", message });
});

test("what is no .npz, or a damaged one, is an error that names the file", async () => {
  const whole = zip({ "x.npy": npy([1], [1]) }, true);
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from("PK"),
    whole.subarray(0, -10),
    Buffer.concat([Buffer.alloc(9), whole]),
  ]) {
    writeFileSync(path, bytes);
    await expect(loadArrays(path)).rejects.toMatchObject({ code: "MOKA_DATA", message: expect.stringContaining(path) });
  }
  writeFileSync(path, "PK");
  await expect(loadArrays(path)).rejects.toThrow("is no .npz: it has no directory of a ZIP");
  const broken = Buffer.from(whole);
  broken.fill(0xff, 40, 50);
  writeFileSync(path, broken);
  await expect(loadArrays(path)).rejects.toMatchObject({ code: "MOKA_DATA" });
});

test("an empty file, another kind of file, and a directory that promises too much", async () => {
  const file = (name: string, content: Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  await expect(loadArray(file("empty.npy", new Uint8Array(0)))).rejects.toThrow(
    "empty.npy: no .npy: the file is empty",
  );
  await expect(loadArray(file("other.npy", Buffer.from("hello")))).rejects.toThrow(
    "no .npy: it begins with 68 65 6c 6c",
  );
  await expect(loadArrays(file("empty.npz", new Uint8Array(0)))).rejects.toThrow("is no .npz");
  const bomb = zip({ "a.npy": new Uint8Array(1000) }, true);
  bomb.writeUInt32LE(2 ** 32 - 2, bomb.indexOf("PK\x01\x02") + 24);
  await expect(loadArrays(file("bomb.npz", bomb))).rejects.toThrow(
    /bomb.npz: a.npy has 4294967294 bytes, which no file of \d+ bytes can hold/,
  );
});
