import { expect, test } from "vitest";
import { baseName, folderOf, foldersAbove, isAbsolute, normalPath, relativePath, uriOf } from "./paths.js";

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

test.each([
  ["./a//b/../c.prototxt", "a/c.prototxt"],
  ["../a/./b", "../a/b"],
  ["/a/../../b", "/b"],
  ["C:\\a\\..\\b", "C:/b"],
  ["https://host/a/../b", "https://host/b"],
  ["", "."],
])("%j in its plain form is %j", (path, plain) => expect(normalPath(path)).toBe(plain));

test("the folders above a path end at the root", () => {
  expect(foldersAbove("/a/b/c.prototxt")).toEqual(["/a/b", "/a", "/"]);
  expect(foldersAbove("C:/a/c.prototxt")).toEqual(["C:/a", "C:/"]);
  expect(foldersAbove("a/c.prototxt")).toEqual(["a"]);
});

test.each([
  ["/a b/#é.prototxt", "file:///a%20b/%23%C3%A9.prototxt"],
  ["C:\\a\\net.prototxt", "file:///C:/a/net.prototxt"],
  ["a/b c", "a/b%20c"],
])("the address of %s is %s", (path, uri) => expect(uriOf(path)).toBe(uri));
