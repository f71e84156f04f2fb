import { expect, test } from "vitest";
import { createFiles } from "../platform/memory-files.js";
import { EditedFiles } from "./edited-files.js";

const disk = createFiles({ "a/net.prototxt": "old", "a/other.prototxt": "other" });
const texts = new Map([
  ["/a/net.prototxt", "new 😀"],
  ["/a/unsaved.prototxt", "unsaved"],
]);
const files = new EditedFiles(disk, "/", (path) => texts.get(path));

test("an open file has its text in the editor, by any name that it has", async () => {
  for (const name of ["/a/net.prototxt", "a/net.prototxt", "./a/../a/net.prototxt"]) {
    expect(await files.readText(name)).toBe("new 😀");
    expect(new TextDecoder().decode(await files.read(name))).toBe("new 😀");
    expect((await files.open(name)).size).toBe(8);
  }
  expect(await files.readText("a/other.prototxt")).toBe("other");
});

test("a file has one absolute name, which its name in a prototxt leads to; so has one that was not saved yet", async () => {
  const from = "/a/solver.prototxt";
  expect(await files.resolve("net.prototxt", from)).toBe("/a/net.prototxt");
  expect(await files.resolve("a/other.prototxt", from)).toBe("/a/other.prototxt");
  expect(await files.resolve("unsaved.prototxt", from)).toBe("/a/unsaved.prototxt");
  expect(await files.resolve("none.prototxt", from)).toBe("none.prototxt");
  expect(await files.exists("a/unsaved.prototxt")).toBe(true);
});
