import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createFiles } from "../../platform/memory-files.js";
import { readDatum } from "../../proto/binary/index.js";
import { MokaError } from "../../util/errors.js";
import { recordKey } from "../datum.js";
import { readHdf5 } from "../hdf5.js";
import { type LabelledImages, readIdxImages } from "../idx.js";
import { openLmdb } from "../lmdb/reader.js";
import { digits, drawDigit, PortableRandom, writeDigits } from "./index.js";

const size = 28 * 28;

describe("PortableRandom", () => {
  it("gives the same numbers for the same seed and stream only", () => {
    const row = (seed: number, stream?: number) => {
      const random = new PortableRandom(seed, stream);
      return Array.from({ length: 100 }, () => random.next());
    };
    expect(row(1)).toEqual(row(1));
    const all = [row(1), row(2), row(1, 1), row(2, 1), row(-1), row(0)].flat();
    expect(new Set(all).size).toBe(600);
  });

  it("has the expected mean and deviation", () => {
    const random = new PortableRandom(7);
    const values = Array.from({ length: 20_000 }, () => random.gaussian(2));
    const mean = values.reduce((a, b) => a + b) / values.length;
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan(0.06);
    expect(Math.abs(deviation - 2)).toBeLessThan(0.06);
    expect(Math.max(...values.map(Math.abs))).toBeLessThan(7);
  });
});

describe("drawDigit", () => {
  it("draws white on black, in the middle", () => {
    for (let digit = 0; digit < 10; digit++) {
      for (let i = 0; i < 30; i++) {
        const image = drawDigit(digit, new PortableRandom(5, 100 * digit + i));
        expect(image.length).toBe(size);
        const ink = image.reduce((a, b) => a + b, 0) / 255;
        expect(ink).toBeGreaterThan(15);
        expect(ink).toBeLessThan(300);
        const x = image.reduce((sum, value, at) => sum + value * (at % 28), 0) / 255 / ink;
        const y = image.reduce((sum, value, at) => sum + value * Math.floor(at / 28), 0) / 255 / ink;
        expect(Math.abs(x - 13.5)).toBeLessThan(6);
        expect(Math.abs(y - 13.5)).toBeLessThan(6);
        const border = Array.from(image).filter(
          (_, at) => at < 28 || at >= size - 28 || at % 28 === 0 || at % 28 === 27,
        );
        expect(Math.max(...border)).toBeLessThan(100);
      }
    }
  });

  it("draws digits only", () => {
    for (const digit of [-1, 10, 1.5]) expect(() => drawDigit(digit, new PortableRandom(1))).toThrow(MokaError);
  });
});

describe("digits", () => {
  it("draws each digit equally often, in random order, no two images alike", () => {
    const { labels, pixels, ...rest } = digits({ count: 1000, seed: 3 });
    expect(rest).toEqual({ count: 1000, height: 28, width: 28 });
    for (let digit = 0; digit < 10; digit++) expect(labels.filter((label) => label === digit).length).toBe(100);
    expect(new Set(labels.subarray(0, 30)).size).toBeGreaterThan(5);
    const images = new Set(Array.from(labels, (_, i) => pixels.subarray(i * size, (i + 1) * size).join()));
    expect(images.size).toBe(1000);
  });

  it("draws the same on every machine", () => {
    const { pixels, labels } = digits({ count: 200, seed: 42 });
    const hash = createHash("sha256").update(pixels).update(labels).digest("hex");
    expect(hash).toBe("2f7f8b8cf21977b21107cc404a1ff2e1f8ae17e8e9f756d0b8a3695ab7c6086b");
    expect(digits({ count: 200, seed: 42 }).pixels).toEqual(pixels);
    expect(digits({ count: 200, seed: 43 }).pixels).not.toEqual(pixels);
  });

  it("a nearest neighbor classifies them, but a mean image does not: there is something to learn", () => {
    const train = digits({ count: 1000, seed: 10 });
    const test = digits({ count: 200, seed: 11 });
    const imagesOf = ({ pixels, count }: LabelledImages) =>
      Array.from({ length: count }, (_, i) => pixels.subarray(i * size, (i + 1) * size));
    const known = imagesOf(train);
    const means = Array.from({ length: 10 }, (_, digit) => {
      const ofDigit = known.filter((_, i) => train.labels[i] === digit);
      return Float64Array.from({ length: size }, (_, p) => ofDigit.reduce((sum, image) => sum + image[p], 0) / 100);
    });
    let byNeighbor = 0;
    let byMean = 0;
    imagesOf(test).forEach((image, i) => {
      if (train.labels[nearest(image, known)] === test.labels[i]) byNeighbor++;
      if (nearest(image, means) === test.labels[i]) byMean++;
    });
    expect(byNeighbor / 200).toBeGreaterThan(0.82);
    expect(byMean / 200).toBeGreaterThan(0.5);
    expect(byMean / 200).toBeLessThan(0.8);
  });

  it("refuses an invalid count", () => {
    expect(() => digits({ count: -1, seed: 1 })).toThrow("-1 is no number of images");
    expect(digits({ count: 0, seed: 1 }).pixels.length).toBe(0);
  });
});

/** The one of `others` with the smallest sum of squared differences. */
function nearest(image: Uint8Array, others: readonly (Uint8Array | Float64Array)[]): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  others.forEach((other, index) => {
    let distance = 0;
    for (let p = 0; p < size; p++) distance += (image[p] - other[p]) * (image[p] - other[p]);
    if (distance >= least) return;
    least = distance;
    best = index;
  });
  return best;
}

describe("writeDigits", () => {
  const options = { train: 30, test: 20, seed: 4 };
  const train = digits({ count: 30, seed: 8 });
  const test = digits({ count: 20, seed: 9 });

  it("writes LMDBs", async () => {
    const files = createFiles();
    const paths = await writeDigits(files, "data", options);
    expect(paths).toEqual({ train: "data/train_lmdb", test: "data/test_lmdb" });
    for (const [path, images] of [[paths.train, train] as const, [paths.test, test] as const]) {
      const cursor = (await openLmdb(files, path)).cursor();
      images.labels.forEach((label, i) => {
        expect(i === 0 ? cursor.first() : cursor.next()).toBe(true);
        expect(new TextDecoder().decode(cursor.key)).toBe(recordKey(i));
        const data = images.pixels.subarray(i * size, (i + 1) * size);
        expect(readDatum(cursor.value)).toEqual({ channels: 1, height: 28, width: 28, data, label });
      });
      expect(cursor.next()).toBe(false);
    }
  });

  it("writes IDX files", async () => {
    const files = createFiles();
    const paths = await writeDigits(files, "data", { ...options, format: "idx" });
    expect(paths).toEqual({ train: "data/train-images-idx3-ubyte", test: "data/t10k-images-idx3-ubyte" });
    const read = async (file: string) => ({ bytes: await files.read(file), file });
    expect(await readIdxImages(await read(paths.test), await read("data/t10k-labels-idx1-ubyte"))).toEqual(test);
    expect(await readIdxImages(await read(paths.train), await read("data/train-labels-idx1-ubyte"))).toEqual(train);
  });

  it("writes HDF5 files and their lists", async () => {
    const files = createFiles();
    const paths = await writeDigits(files, "data", { ...options, format: "hdf5" });
    const path = (await files.readText(paths.test)).trim();
    expect(path).toBe("data/test.h5");
    const values = await readHdf5(await files.read(path));
    expect(values.get("label")).toEqual({ shape: [20], data: Float32Array.from(test.labels) });
    const data = Float32Array.from(test.pixels, (pixel) => pixel / 255);
    expect(values.get("data")).toEqual({ shape: [20, 1, 28, 28], data });
  });
});
