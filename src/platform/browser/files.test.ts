import { expect, test } from "vitest";
import { createFiles } from "./index.js";

test("a page has no files, and says what to give instead", async () => {
  const files = createFiles();
  const way = /a page has no file system.*createFiles\(/;
  for (const work of [
    () => files.read("x"),
    () => files.readText("x"),
    () => files.open("x"),
    () => files.list("x"),
    () => files.write("x", new Uint8Array()),
    () => files.probe("x"),
    () => files.makeFolder("x"),
  ]) {
    await expect(work()).rejects.toMatchObject({ code: "MOKA_FILE", message: expect.stringMatching(way) });
  }
  await files.probe("x", { readOnly: true });
  expect(await files.exists("x")).toBe(false);
  expect(await files.isFolder("x")).toBe(false);
  expect(await files.resolve("x", "y/z")).toBe("x");
});
