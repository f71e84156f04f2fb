import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { createFiles, createImages } from "#platform";
import { createDatabase } from "../data/database.js";
import { blobShape, blobValues } from "../proto/binary/blob.js";
import { writeBlobProto, writeDatum } from "../proto/binary/index.js";
import { computeImageMean } from "./compute-image-mean.js";

const golden = fileURLToPath(new URL("../../test/golden/files/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-mean-"));
afterAll(() => rmSync(folder, { recursive: true }));

let databases = 0;

async function database(...values: readonly Uint8Array[]): Promise<string> {
  const path = join(folder, `db${databases++}`);
  const writer = await createDatabase(createFiles(), "lmdb", path);
  for (const [index, value] of values.entries()) await writer.add(`${index}`, value);
  await writer.finish();
  return path;
}

test.each(["lmdb", "leveldb"] as const)("makes of a %s the very file that Caffe makes", async (backend) => {
  const { blob, count } = await computeImageMean(`${golden}glyphs_train_${backend}`, { backend });
  const bytes = writeBlobProto(blob);
  expect(Buffer.compare(bytes, readFileSync(`${golden}glyphs_mean.binaryproto`))).toBe(0);
  expect(count).toBeGreaterThan(100);
});

const empty = new Uint8Array(0);

test("takes floats, bytes and encoded images alike", async () => {
  const size = { channels: 1, height: 1, width: 2, label: 0 };
  const png = await createImages().encode({ ...size, data: Uint8Array.of(30, 60) }, "png");
  const path = await database(
    writeDatum({ ...size, data: empty, floatData: Float32Array.of(0.5, -1) }),
    writeDatum({ ...size, data: Uint8Array.of(10, 255) }),
    writeDatum({ channels: 0, height: 0, width: 0, data: png, label: 0, encoded: true }),
  );
  const { blob, channelMeans } = await computeImageMean(path);
  expect(blobShape(blob)).toEqual([1, 1, 1, 2]);
  expect(blobValues(blob).data).toEqual(Float32Array.of(40.5 / 3, 314 / 3));
  expect(channelMeans[0]).toBeCloseTo(354.5 / 6, 5);
});

test("the mean of each channel of a color image", async () => {
  const data = Uint8Array.of(1, 3, 10, 30, 100, 200);
  const { channelMeans, shape } = await computeImageMean(
    await database(writeDatum({ channels: 3, height: 1, width: 2, data, label: 0 })),
  );
  expect(shape).toEqual([3, 1, 2]);
  expect([...channelMeans]).toEqual([2, 20, 150]);
});

test("images of different sizes, and no images, are errors", async () => {
  const datum = (width: number) => ({ channels: 1, height: 1, width, data: new Uint8Array(width), label: 0 });
  const mixed = await database(writeDatum(datum(2)), writeDatum(datum(3)));
  await expect(computeImageMean(mixed)).rejects.toThrow(/record 1 has 3 values, where images are of 1×1×2/);
  await expect(computeImageMean(await database())).rejects.toThrow(/is empty/);
});
