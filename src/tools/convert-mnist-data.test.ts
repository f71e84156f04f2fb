import { expect, test } from "vitest";
import { openDatabase } from "../data/database.js";
import { writeIdx } from "../data/idx.js";
import { createFiles } from "../platform/memory-files.js";
import { convertMnistData } from "./convert-mnist-data.js";

const files = createFiles({
  images: writeIdx({ shape: [4, 2, 3], data: Uint8Array.from({ length: 24 }, (_, i) => i) }),
  labels: writeIdx({ shape: [4], data: Uint8Array.of(3, 1, 4, 1) }),
});

test("writes the images of a range, and says how many", async () => {
  const made = await convertMnistData("images", "labels", "some_lmdb", { files, skip: 1, count: 2 });
  expect(made).toEqual({ count: 2, height: 2, width: 3 });
  expect((await openDatabase(files, "lmdb", "some_lmdb")).count).toBe(2);
});

test("refuses a range without images", async () => {
  await expect(convertMnistData("images", "labels", "none_lmdb", { files, skip: 4 })).rejects.toMatchObject({
    code: "MOKA_USAGE",
  });
});
