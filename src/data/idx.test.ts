import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFiles } from "../platform/node/index.js";
import { readDatum } from "../proto/binary/index.js";
import { MokaError } from "../util/errors.js";
import { type IdxData, readIdx, readIdxImages, writeIdx } from "./idx.js";
import { openLmdb } from "./lmdb/reader.js";

const golden = fileURLToPath(new URL("../../test/golden/files/", import.meta.url));
const mnist = fileURLToPath(new URL("../../../shared/data/mnist/", import.meta.url));
const hasMnist = existsSync(mnist);

async function pair(folder: string, images: string, labels: string) {
  const read = async (file: string) => ({ bytes: await readFile(folder + file), file });
  return readIdxImages(await read(images), await read(labels));
}

describe("readIdx", () => {
  it.each([
    ["train", 1000],
    ["test", 300],
  ])("reads the images that Caffe put into the glyphs' %s LMDB", async (name, count) => {
    const { pixels, labels, ...sizes } = await pair(
      golden,
      `glyphs-${name}-images-idx3-ubyte.gz`,
      `glyphs-${name}-labels-idx1-ubyte.gz`,
    );
    expect(sizes).toEqual({ count, height: 28, width: 28 });
    const db = await openLmdb(createFiles(), `${golden}glyphs_${name}_lmdb`);
    const cursor = db.cursor();
    for (let i = 0, more = cursor.first(); more; i++, more = cursor.next()) {
      const { data, label } = readDatum(cursor.value);
      expect(label).toBe(labels[i]);
      expect(Buffer.compare(data, pixels.subarray(784 * i, 784 * (i + 1)))).toBe(0);
    }
    db.close();
  });

  it.runIf(hasMnist)("reads MNIST (skipped without ../shared/data/mnist)", async () => {
    const { count, labels } = await pair(mnist, "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz");
    expect(count).toBe(10_000);
    expect(Array.from(labels.subarray(0, 5))).toEqual([7, 2, 1, 0, 4]);
  });

  it("says what is wrong", async () => {
    const image = writeIdx({ shape: [2, 3, 3], data: new Uint8Array(18) });
    await expect(readIdx(image.subarray(0, 30), "x")).rejects.toThrow(
      "x: 30 bytes, where its header says 2 3 3 (18) values in 34 bytes",
    );
    await expect(readIdx(new Uint8Array(0), "x")).rejects.toThrow("x: no IDX file: the file is empty");
    await expect(readIdx(Buffer.from("hello"), "x")).rejects.toThrow("it begins with 68 65 6c 6c");
    const cut = gzipSync(image).subarray(0, 20);
    await expect(readIdx(cut, "x.gz")).rejects.toThrow("x.gz: damaged gzip file: ");
    const labels = { bytes: writeIdx({ shape: [3], data: new Uint8Array(3) }), file: "labels" };
    await expect(readIdxImages({ bytes: image, file: "images" }, labels)).rejects.toThrow(
      "images has 2 images, labels 3 labels",
    );
    await expect(readIdxImages(labels, labels)).rejects.toThrow("labels: bytes of shape 3 (3), no gray images");
  });

  it("stops decompressing at what the header announces", async () => {
    const zeros = new Uint8Array(100 << 20);
    zeros.set(writeIdx({ shape: [10], data: new Uint8Array(10) }));
    const bomb = gzipSync(zeros, { level: 1 });
    const promise = new Uint8Array(4 * 2 ** 20);
    promise.set([0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff]);
    await expect(readIdx(gzipSync(promise), "x.gz")).rejects.toThrow(
      /x.gz: damaged: 4294967295 \(4294967295\) values, which no file of \d+ bytes can hold/,
    );
    const before = process.memoryUsage().arrayBuffers;
    await expect(readIdx(bomb, "bomb")).rejects.toThrow("where its header says 10 (10) values in 18 bytes");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 << 20);
  });

  it("reads or refuses any bytes", async () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const plausible = bytes.map((rest) => Uint8Array.of(0, 0, 8 + (rest.length % 7), rest.length % 5, ...rest));
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, plausible), async (content) => {
        try {
          const { data } = await readIdx(content);
          expect(data.byteLength).toBeLessThanOrEqual(content.length);
        } catch (error) {
          expect(error).toBeInstanceOf(MokaError);
          expect((error as MokaError).code).toBe("MOKA_DATA");
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("writeIdx", () => {
  const data: fc.Arbitrary<IdxData> = fc.oneof(
    fc.uint8Array(),
    fc.int8Array(),
    fc.int16Array(),
    fc.int32Array(),
    fc.float32Array(),
    fc.float64Array(),
  );

  it("writes what is read back the same, compressed or not", async () => {
    await fc.assert(
      fc.asyncProperty(data, fc.boolean(), async (values, compressed) => {
        const idx = { shape: [values.length, 1], data: values };
        const bytes = writeIdx(idx);
        expect(await readIdx(compressed ? new Uint8Array(gzipSync(bytes)) : bytes)).toEqual(idx);
      }),
    );
  });

  it("writes the header of MNIST", () => {
    const header = writeIdx({ shape: [2, 28, 28], data: new Uint8Array(2 * 784) }).subarray(0, 16);
    expect(Array.from(header)).toEqual([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]);
  });

  it("refuses a shape that the values do not fill", () => {
    expect(() => writeIdx({ shape: [2], data: new Uint8Array(3) })).toThrow("3 values do not fill 2 (2)");
  });
});
