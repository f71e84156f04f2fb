import { expect, test } from "vitest";
import { hex, sha256 } from "./sha256.js";

test("the hash is that of FIPS 180-4's example, in hexadecimal", async () => {
  const hash = hex(await sha256(new TextEncoder().encode("abc")));
  expect(hash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("a part of a buffer is hashed without what is around it", async () => {
  const bytes = new TextEncoder().encode("xabcx").subarray(1, 4);
  expect(hex(await sha256(bytes))).toMatch(/^ba7816bf/);
});
