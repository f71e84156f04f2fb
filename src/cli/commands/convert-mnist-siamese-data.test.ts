import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const golden = fileURLToPath(new URL("../../../test/golden/files/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-siamese-"));
afterAll(() => rmSync(folder, { recursive: true }));

const files = [`${golden}glyphs-test-images-idx3-ubyte.gz`, `${golden}glyphs-test-labels-idx1-ubyte.gz`];

test("takes the arguments of Caffe's tool, and makes a LevelDB", async () => {
  const path = join(folder, "pairs");
  const { code, out, err } = await moka("convert_mnist_siamese_data", ...files, path, "--seed", "1");
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`^300 pairs, \\d+ of one class, written to ${path}\n$`));
  expect(err).toMatch(/^I.* convert_mnist_siamese_data\.cpp:85\] A total of 300 items\.$/m);
  expect(existsSync(join(path, "CURRENT"))).toBe(true);
  const again = await moka("convert_mnist_siamese_data", ...files, path);
  expect(again.code).toBe(1);
  expect(again.err).toContain("there is a LevelDB already");
});

test("--backend lmdb, and calls that are wrong", async () => {
  const path = join(folder, "lmdb");
  expect((await moka("convert_mnist_siamese_data", ...files, path, "-backend", "lmdb")).code).toBe(0);
  expect(existsSync(join(path, "data.mdb"))).toBe(true);
  expect((await moka("convert_mnist_siamese_data", ...files)).code).toBe(2);
  expect((await moka("convert_mnist_siamese_data", ...files, path, "--backend", "sqlite")).code).toBe(2);
});
