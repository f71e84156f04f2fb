import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { createFiles } from "../platform/node/index.js";
import { readDatum } from "../proto/binary/index.js";
import { encodeImage, recordKey } from "./datum.js";
import { readIdxImages } from "./idx.js";
import { openLmdb } from "./lmdb/reader.js";

const golden = fileURLToPath(new URL("../../test/golden/files/", import.meta.url));
const image = { channels: 1, height: 2, width: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 255), label: 7 };

it("writes the records that Caffe's convert_mnist_data writes", async () => {
  const read = async (file: string) => ({ bytes: await readFile(golden + file), file });
  const { pixels, labels } = await readIdxImages(
    await read("glyphs-test-images-idx3-ubyte.gz"),
    await read("glyphs-test-labels-idx1-ubyte.gz"),
  );
  const db = await openLmdb(createFiles(), `${golden}glyphs_test_lmdb`);
  const cursor = db.cursor();
  let count = 0;
  for (let more = cursor.first(); more; more = cursor.next()) {
    const data = pixels.subarray(784 * count, 784 * (count + 1));
    const own = encodeImage({ channels: 1, height: 28, width: 28, data, label: labels[count] ?? -1 });
    expect(Buffer.compare(own, cursor.value)).toBe(0);
    expect(Buffer.from(cursor.key).toString()).toBe(recordKey(count));
    count += 1;
  }
  expect(count).toBe(300);
  db.close();
});

it("writes what readDatum reads, under keys of eight digits", () => {
  expect(readDatum(encodeImage(image))).toEqual(image);
  expect(recordKey(12, "cats/1.jpg")).toBe("00000012_cats/1.jpg");
});

it("refuses an image of another size than its bytes", () => {
  expect(() => encodeImage({ ...image, width: 4 })).toThrow("the image has 6 bytes for an image of shape 1 2 4 (8)");
});
