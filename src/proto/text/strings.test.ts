import fc from "fast-check";
import { expect, test } from "vitest";
import { contentOf, decodeUtf8, quote, requote, unescapeStrings } from "./strings.js";

const read = (...literals: string[]) => {
  const { bytes, badEscape } = unescapeStrings(literals.map(contentOf));
  return { ...decodeUtf8(bytes), badEscape };
};

test.each([
  [String.raw`"a\n\t\r\\\"\'\?"`, "a\n\t\r\\\"'?"],
  [String.raw`"\a\b\f\v"`, "\x07\b\f\v"],
  [String.raw`"\101\1\0012"`, "A\x01\x012"],
  [String.raw`"\x41\x4\x41f"`, "A\x04Af"],
  [String.raw`"\u00e9\U0001F600"`, "é😀"],
  [String.raw`"\ud83d\ude00"`, "😀"],
  [String.raw`"\303\251"`, "é"],
  [`"é😀"`, "é😀"],
  [`'it"s'`, 'it"s'],
  [`""`, ""],
])("reads %s", (literal, text) => {
  expect(read(literal)).toEqual({ text, lossy: false, badEscape: undefined });
});

test("joins adjacent strings, also within a character", () => {
  expect(read(`"a"`, `'b'`, String.raw`"\303"`, String.raw`'\251'`).text).toBe("abé");
});

test("takes an unknown escape as its own characters, and returns it", () => {
  expect(read(String.raw`"C:\data\q"`)).toEqual({ text: "C:\\data\\q", lossy: false, badEscape: "\\d" });
  expect(read(String.raw`"\8"`).badEscape).toBe("\\8");
  expect(read(String.raw`"\x"`).badEscape).toBe("\\x");
  expect(read(String.raw`"\u12"`).badEscape).toBe("\\u");
  expect(read(String.raw`"\U00110000"`).badEscape).toBe("\\U");
});

test("reports bytes that are not UTF-8", () => {
  expect(read(String.raw`"a\377b"`)).toMatchObject({ text: "a\ufffdb", lossy: true });
  expect(read(String.raw`"\ud83d"`).lossy).toBe(true);
});

test("a string that is not closed goes to the end of its line", () => {
  expect(contentOf('"conv1  \r')).toBe("conv1");
  expect(contentOf('"conv1\\"')).toBe('conv1\\"');
  expect(contentOf('"conv1\\\\"')).toBe("conv1\\\\");
  expect(contentOf('"')).toBe("");
});

test("quotes as C++ does, or keeps what can be read", () => {
  expect(quote("a\n\t\"'\\\x01\x7fé", false)).toBe(String.raw`"a\n\t\"\'\\\001\177\303\251"`);
  expect(quote("a\n\t\"'\\\x01\x7fé😀", true)).toBe(String.raw`"a\n\t\"\'\\\001\177é😀"`);
  expect(quote(Uint8Array.of(0, 65, 255), true)).toBe(String.raw`"\000A\377"`);
});

test("writes adjacent strings as one", () => {
  expect(requote([`'a"'`, String.raw`"\303\251"`], true)).toBe(String.raw`"a\"é"`);
  expect(requote([String.raw`"\377`], true)).toBe(String.raw`"\377"`);
});

test("what is quoted reads back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, unicode) => {
      expect(read(quote(text, unicode))).toEqual({ text, lossy: false, badEscape: undefined });
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(unescapeStrings([contentOf(quote(bytes, true))]).bytes).toEqual(bytes);
    }),
  );
});
