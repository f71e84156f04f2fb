import { expect, test } from "vitest";
import { openDatabase } from "../data/database.js";
import { createFiles } from "../platform/memory-files.js";
import { writeDigits } from "./write-digits.js";

test("the sources of both sets are in the given files", async () => {
  const files = createFiles({});
  const { train, test: tested } = await writeDigits("drawn", { files, train: 12, test: 3 });
  expect([train, tested]).toEqual(["drawn/train_lmdb", "drawn/test_lmdb"]);
  expect((await openDatabase(files, "lmdb", train)).count).toBe(12);
});

test("a data set that is there is not replaced", async () => {
  const files = createFiles({});
  await writeDigits("drawn", { files, train: 1, test: 1 });
  await expect(writeDigits("drawn", { files, train: 1, test: 1 })).rejects.toMatchObject({ code: "MOKA_FILE" });
});
