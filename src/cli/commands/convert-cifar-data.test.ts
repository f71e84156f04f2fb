import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const folder = mkdtempSync(join(tmpdir(), "moka-cifar-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("takes the arguments of Caffe's tool", async () => {
  mkdirSync(join(folder, "in"));
  for (const name of ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]) {
    writeFileSync(join(folder, "in", `${name}.bin`), new Uint8Array(3073));
  }
  const { code, out, err } = await moka("convert_cifar_data", join(folder, "in"), folder, "lmdb");
  expect(code).toBe(0);
  expect(out).toBe(
    `5 images written to ${folder}/cifar10_train_lmdb\n1 images written to ${folder}/cifar10_test_lmdb\n`,
  );
  expect(err).toMatch(/^I.* convert_cifar_data\.cpp:55\] Training Batch 5$/m);
});

test("calls that are wrong, and databases that are there already", async () => {
  expect((await moka("convert_cifar_data", join(folder, "in"), folder)).code).toBe(2);
  expect((await moka("convert_cifar_data", join(folder, "in"), folder, "sqlite")).code).toBe(2);
  const { code, err } = await moka("convert_cifar_data", join(folder, "in"), folder, "lmdb");
  expect(code).toBe(1);
  expect(err).toContain("cifar10_train_lmdb: there is an LMDB already");
});
