import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const folder = mkdtempSync(join(tmpdir(), "moka-digits-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["lmdb", ["train_lmdb/data.mdb", "test_lmdb/data.mdb"]],
  ["idx", ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]],
  ["hdf5", ["train.h5", "train.txt", "test.txt"]],
])("writes a data set as %s", async (format, files) => {
  const target = join(folder, format);
  const { code, out } = await moka("digits", target, "--train", "30", "--test", "20", "--format", format);
  expect(code).toBe(0);
  expect(out).toMatch(/^30 training images: .+\n20 test images: .+\n$/);
  for (const file of files) {
    expect(existsSync(join(target, file)) || existsSync(join(target, file.replace(".gz", ""))), file).toBe(true);
  }
});

test("the same seed draws the same images, another seed others", async () => {
  const data = async (name: string, seed: string) => {
    await moka("digits", join(folder, name), "--train", "20", "--test", "10", "--seed", seed);
    return readFileSync(join(folder, name, "train_lmdb/data.mdb"));
  };
  expect(await data("a", "7")).toEqual(await data("b", "7"));
  expect(await data("c", "8")).not.toEqual(await data("d", "7"));
});

test.each([
  ["lmdb", "train_lmdb/data.mdb", "train_lmdb: there is an LMDB already"],
  ["lmdb", "test_lmdb/CURRENT", "test_lmdb: there is a LevelDB already"],
  ["idx", "t10k-labels-idx1-ubyte", "t10k-labels-idx1-ubyte: it is there already"],
  ["hdf5", "test.txt", "test.txt: it is there already"],
])("as %s, %s is not replaced, and nothing is written beside it", async (format, file, reason) => {
  const target = mkdtempSync(join(folder, "old-"));
  mkdirSync(dirname(join(target, file)), { recursive: true });
  writeFileSync(join(target, file), "mine");
  const { code, err } = await moka("digits", target, "--train", "20", "--test", "10", "--format", format);
  expect(code).toBe(1);
  expect(err).toContain(`cannot create ${target}/${reason} [MOKA_FILE]`);
  expect(readFileSync(join(target, file), "utf8")).toBe("mine");
  expect(readdirSync(target)).toEqual([file.split("/")[0]]);
});

test("a folder that lists of HDF5 files cannot name", async () => {
  const { code, err } = await moka("digits", join(folder, "a b"), "--format", "hdf5");
  expect(code).toBe(2);
  expect(err).toContain('a b": lists of HDF5 files cannot name a folder with blanks');
  expect(existsSync(join(folder, "a b"))).toBe(false);
});

test("an unknown format is a wrong call", async () => {
  expect((await moka("digits", folder, "--format", "png")).code).toBe(2);
});

test("scenes with boxes, and with the classes of pixels", async () => {
  const target = join(folder, "scenes");
  const { code, out } = await moka("digits", target, "--boxes", "--train", "4", "--test", "2", "--size", "64");
  expect(code).toBe(0);
  expect(out).toBe(`4 training scenes: ${target}/train_lmdb\n2 test scenes: ${target}/test_lmdb\n`);
  expect(readdirSync(target)).toEqual(["labelmap.prototxt", "test_lmdb", "test_name_size.txt", "train_lmdb"]);
  const masks = join(folder, "masks");
  expect((await moka("digits", masks, "--masks", "--train", "4", "--test", "2", "--size", "64")).code).toBe(0);
  expect(readFileSync(join(masks, "train_lmdb/data.mdb"))).toEqual(readFileSync(join(target, "train_lmdb/data.mdb")));
  expect(readdirSync(join(masks, "train_masks"))).toHaveLength(4);
});

test.each([
  ["--boxes", "--format", "idx"],
  ["--gray", "--train", "5"],
])("scenes are LMDBs, and sizes are those of scenes: %s %s %s", async (...options) => {
  expect((await moka("digits", join(folder, "wrong"), ...options)).code).toBe(2);
  expect(existsSync(join(folder, "wrong"))).toBe(false);
});
