import { expect, test } from "vitest";
import { pathOfUri } from "./open-documents.js";

test.each([
  ["file:///a/b%20c.prototxt", "/a/b c.prototxt"],
  ["file:///a/./b/../c.prototxt", "/a/c.prototxt"],
  ["file:///c%3A/net.prototxt", "c:/net.prototxt"],
  ["untitled:Untitled-1", "/untitled%3aUntitled-1"],
  ["file:///%E0%A4%A", "/file%3a%2f%2f%2f%25E0%25A4%25A"],
  ["", "/"],
  ["x:\ud800", "/x%3a%d800"],
])("the path of %j is %j", (uri, path) => expect(pathOfUri(uri)).toBe(path));
