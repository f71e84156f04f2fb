import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const golden = fileURLToPath(new URL("../../../test/golden/files/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "moka-compute-mean-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(["lmdb", "leveldb"])(
  "writes for a %s the very file that Caffe's tool writes, and logs the means",
  async (kind) => {
    const output = join(folder, `${kind}.binaryproto`);
    const { code, err } = await moka("compute_image_mean", "-backend", kind, `${golden}glyphs_train_${kind}`, output);
    expect(code).toBe(0);
    expect(readFileSync(output).equals(readFileSync(`${golden}glyphs_mean.binaryproto`))).toBe(true);
    expect(err).toMatch(/compute_image_mean\.cpp:114\] Number of channels: 1\n/);
    expect(err).toMatch(/mean_value channel \[0\]: \d+\.\d+\n/);
  },
);

test("--json prints size and means; no file is needed", async () => {
  const { out } = await moka("compute_image_mean", `${golden}glyphs_train_lmdb`, "--json");
  expect(JSON.parse(out)).toMatchObject({ channels: 1, height: 28, width: 28, means: [expect.any(Number)] });
});

test("no database, and the wrong kind of one", async () => {
  expect((await moka("compute_image_mean", join(folder, "none"))).code).toBe(1);
  const { code, err } = await moka("compute_image_mean", `${golden}glyphs_train_leveldb`);
  expect(code).toBe(1);
  expect(err).toContain("LevelDB");
  expect((await moka("compute_image_mean")).code).toBe(2);
});
