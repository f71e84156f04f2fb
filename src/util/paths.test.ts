import { expect, test } from "vitest";
import { baseName, folderOf, isAbsolute, relativePath } from "./paths.js";

test("a path is its folder and its name", () => {
  expect([folderOf("a/b.onnx"), baseName("a/b.onnx")]).toEqual(["a/", "b.onnx"]);
  expect([folderOf("b.onnx"), baseName("b.onnx")]).toEqual(["", "b.onnx"]);
  expect(["/a", "C:\\a", "https://a/b", "a/b", "../a"].map(isAbsolute)).toEqual([true, true, true, false, false]);
});

test.each([
  ["net.prototxt", "", "net.prototxt"],
  ["./a/net.prototxt", "a/", "net.prototxt"],
  ["a/net.prototxt", "a/b/", "../net.prototxt"],
  ["a/net.prototxt", "c/d/", "../../a/net.prototxt"],
  ["../net.prototxt", "a/", "../../net.prototxt"],
  ["/m/a/net.prototxt", "/m/b/", "../a/net.prototxt"],
  ["C:\\m\\net.prototxt", "C:\\m\\", "net.prototxt"],
  ["D:\\m\\net.prototxt", "C:\\m\\", "D:\\m\\net.prototxt"],
  ["/m/net.prototxt", "a/", "/m/net.prototxt"],
  ["net.prototxt", "/m/", "net.prototxt"],
  ["net.prototxt", "../a/", "net.prototxt"],
  ["https://host/net.prototxt", "a/", "https://host/net.prototxt"],
])("%s from %s is %s", (path, folder, seen) => expect(relativePath(path, folder)).toBe(seen));
