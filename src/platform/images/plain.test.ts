import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodePlain } from "./plain.js";

interface Decoded {
  readonly shape: readonly number[];
  readonly depth: number;
  readonly data: string;
}
type Reading = "color" | "gray" | "own";

/** What OpenCV makes of small files: see make.py beside it. */
const golden = new URL("../../../test/golden/images/opencv.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(golden, "utf8")) as {
  cases: Record<string, { readonly file: string } & Record<Reading, Decoded | null>>;
};
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"));
const colorOf = { color: true, gray: false, own: undefined };
const decode = (file: string | Uint8Array, reading: Reading = "color", maxPixels = 2 ** 27) =>
  decodePlain(typeof file === "string" ? fromBase64(file) : file, { color: colorOf[reading] }, maxPixels);

/** Files with a clear meaning that OpenCV 4.6 does not read, or reads with other colors than their masks say. */
const beyondOpenCv = ["bmp16-565-v5", "bmp32-rgba", "rle4-delta", "rle4-short", "p2-noend"];

const known = Object.entries(cases).filter(([name]) => name !== "p7" && !beyondOpenCv.includes(name));

test.each(known)("%s is read as OpenCV reads it", (_name, { file, ...read }) => {
  for (const reading of ["color", "gray", "own"] as const) {
    const expected = read[reading];
    if (!expected) expect(() => decode(file, reading), reading).toThrow(/^(the BMP|the PNM|an image of)/);
    else if (expected.depth === 16) expect(() => decode(file, reading), reading).toThrow("16 bits a value");
    else {
      const image = decode(file, reading);
      const [height, width, channels = 1] = expected.shape;
      expect(image, reading).toEqual({ height, width, channels, data: fromBase64(expected.data) });
    }
  }
});

describe("what OpenCV does not read, though its meaning is plain", () => {
  const values = (name: string) => [...(decode(cases[name]?.file ?? "", "color")?.data ?? [])];

  test("bit masks within a header of 124 bytes", () => {
    const bytes = fromBase64(cases["bmp16-565-v5"]?.file ?? "");
    const word = (bytes[138 + 3 * 12] ?? 0) + 256 * (bytes[138 + 3 * 12 + 1] ?? 0); // the upper left pixel
    expect(values("bmp16-565-v5").slice(0, 3)).toEqual([(word << 3) & 0xf8, (word >> 3) & 0xfc, (word >> 8) & 0xf8]);
  });

  test("the order of colors that the masks name", () => {
    const bytes = fromBase64(cases["bmp32-rgba"]?.file ?? "");
    const at = 14 + 40 + 12 + 3 * 20; // the upper left pixel: the lowest row comes first
    expect(values("bmp32-rgba").slice(0, 3)).toEqual([bytes[at + 2], bytes[at + 1], bytes[at]]);
  });

  test("run lengths of 4 bits that end early, or move down", () => {
    const palette = fromBase64(cases["rle4-delta"]?.file ?? "").subarray(54);
    const rows = (name: string) => {
      const all = values(name);
      const index = (i: number) =>
        Array.from({ length: 16 }, (_, p) => p).find((p) =>
          [0, 1, 2].every((c) => palette[4 * p + c] === all[3 * i + c]),
        );
      return [0, 1, 2, 3].map((row) => [0, 1, 2, 3, 4].map((x) => index(row * 5 + x)).join(" "));
    };
    expect(rows("rle4-short")).toEqual(["0 0 0 0 0", "0 0 0 0 0", "0 0 0 0 0", "9 0 0 0 0"]);
    expect(rows("rle4-delta")).toEqual(["0 0 0 0 0", "1 2 3 0 0", "0 0 0 3 0", "9 0 0 0 0"]);
  });

  test("text that ends with its last digit", () => {
    const text = Buffer.from(cases["p2-noend"]?.file ?? "", "base64").toString();
    const last = Number(text.split(" ").at(-1));
    expect(values("p2-noend").slice(-3)).toEqual([last, last, last]);
  });
});

test("other bytes are none of these formats", () => {
  expect(decode(Uint8Array.of(1, 2, 3, 4))).toBe(undefined);
  expect(decode(cases["p7"]?.file ?? "")).toBe(undefined);
});

test("a limit of pixels, and headers that promise more than the file holds", () => {
  const bmp = cases["bmp24"]?.file ?? "";
  expect(decode(bmp, "color", 20)?.data.length).toBe(60);
  expect(() => decode(bmp, "color", 19)).toThrow(
    "an image of 4×5 pixels, where 19 are allowed: its header is damaged, or the limit must be raised",
  );
  const ascii = (text: string) => new TextEncoder().encode(text);
  expect(() => decode(ascii("P5 4000 4000 255\nabc"))).toThrow("3 bytes of pixels, where 16000000 should be");
  expect(() => decode(ascii("P3 4000 4000 255\nabc"))).toThrow("3 bytes of pixels, where 95999999 should be");
  expect(() => decode(ascii(`P5 ${"9".repeat(40)} 4 255\nabc`))).toThrow("is too large");
  expect(() => decode(ascii("P2 2 2 255\n1 2 x 4"))).toThrow("the PNM is damaged: no number at byte 15");
  const runs = fromBase64(cases["rle8"]?.file ?? "");
  new DataView(runs.buffer).setInt32(18, 2 ** 25, true);
  expect(() => decode(runs)).toThrow(/an image of 4×33554432 pixels, which no file of \d+ bytes can hold/);
});
