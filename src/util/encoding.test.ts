import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeText, encodeText } from "./encoding.js";

test("any bytes are written as they were read", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const { text, encoding } = decodeText(bytes);
      expect(encodeText(text, encoding)).toEqual(bytes);
    }),
  );
});

test("text in UTF-8 is that text, with its byte order mark", () => {
  const text = '\uFEFFname: "n" # 卷积 é';
  expect(decodeText(new TextEncoder().encode(text))).toEqual({ text, encoding: "utf-8" });
});

test("a comment in GBK survives, and so does a long text around it", () => {
  const bytes = Uint8Array.of(
    ...new TextEncoder().encode("x".repeat(20_000)),
    0x23,
    0xbe,
    0xed,
    0xbb,
    0xfd,
    0x80,
    0x9f,
  );
  const { text, encoding } = decodeText(bytes);
  expect(encoding).toBe("latin1");
  expect(text.length).toBe(bytes.length);
  expect(encodeText(text.replace("x#", "y#"), encoding).subarray(-8, -5)).toEqual(Uint8Array.of(0x79, 0x23, 0xbe));
});

test("a large file that is no text takes little memory beside itself", () => {
  const program = `
    const { decodeText } = await import("./dist/util/encoding.js");
    process.stdout.write(String(decodeText(new Uint8Array(1 << 24).fill(0xff)).text.length))`;
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const args = ["--max-old-space-size=64", "--input-type=module", "--eval", program];
  expect(Number(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8", stdio: "pipe" }))).toBe(1 << 24);
});
