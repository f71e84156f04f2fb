import { readFileSync } from "node:fs";
import { encode as encodePng } from "fast-png";
import { zlibSync } from "fflate";
import sharp, { type Sharp } from "sharp";
import { afterEach, describe, expect, test, vi } from "vitest";
import { concat } from "../../util/bytes.js";
import type { Image, Images } from "../../util/images.js";
import { createImages as createPageImages } from "../browser/images.js";
import { createImages, imagesBy } from "./images.js";

const node = createImages();
const page = createPageImages();
const platforms: [string, Images][] = [
  ["Node", node],
  ["a page", page],
];

const width = 45;
const height = 31;
/** Red, green and blue of an image with edges and gradients. */
const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7 + Math.floor(i / 93) * 5) % 256);
const picture = () => sharp(rgb, { raw: { width, height, channels: 3 } }).blur(1.2);
const bytesOf = async (file: Sharp) => new Uint8Array(await file.toBuffer());

const shape = ({ height: rows, width: columns, channels }: Image) => [rows, columns, channels];

// Two rows of three pixels, written and read by OpenCV 4.14.
const opencvJpeg = [
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMU",
  "FRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU",
  "FBQUFBQUFBT/wAARCAACAAMDASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUF",
  "BAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVW",
  "V1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi",
  "4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAEC",
  "AxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVm",
  "Z2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq",
  "8vP09fb3+Pn6/9oADAMBAAIRAxEAPwD58+K7Gx+LvxDsrYm3s7LxRq9na28R2xwQRX00cUSKOFREVUVRgKqgAAAUUUV2n67k/wDy",
  "LcN/gh/6Sj//2Q==",
].join("");
const opencvPng =
  "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAHElEQVQIHWPkkjsht89nnx4X469fv7i5uaWtqwFHEQbxXhtrGgAAAABJRU5ErkJggg==";
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

const caseFile = (path: string) =>
  new Uint8Array(readFileSync(new URL(`../../../test/cases/${path}`, import.meta.url)));

describe.each(platforms)("in %s", (_name, images) => {
  test("a JPEG has the values that OpenCV reads, blue first; gray is its luminance", async () => {
    const file = fromBase64(opencvJpeg);
    const color = await images.decode(file, { color: true });
    expect(shape(color)).toEqual([2, 3, 3]);
    expect([...color.data]).toEqual([53, 60, 9, 155, 162, 111, 85, 43, 138, 255, 255, 215, 9, 16, 0, 75, 33, 128]);
    expect([...(await images.decode(file, { color: false })).data]).toEqual([44, 146, 76, 250, 0, 66]);
    expect(await images.decode(file, { color: undefined })).toEqual(color);
  });

  test("a PNG has the values written, and gray as libpng weighs colors", async () => {
    const file = fromBase64(opencvPng);
    const color = await images.decode(file, { color: true });
    expect([...color.data]).toEqual([200, 30, 10, 20, 220, 40, 30, 10, 230, 250, 250, 250, 5, 5, 5, 128, 64, 32]);
    expect([...(await images.decode(file, { color: false })).data]).toEqual([43, 143, 78, 250, 5, 61]);
  });

  test("a gray file has one channel, unless color is asked for", async () => {
    const gray = (file: Sharp) => bytesOf(file);
    for (const file of [
      await gray(picture().toColourspace("b-w").jpeg()),
      await gray(picture().toColourspace("b-w").png()),
    ]) {
      const own = await images.decode(file, { color: undefined });
      expect(shape(own)).toEqual([height, width, 1]);
      expect(await images.decode(file, { color: false })).toEqual(own);
      const { channels, data } = await images.decode(file, { color: true });
      expect(channels).toBe(3);
      expect([...data]).toEqual([...own.data].flatMap((value) => [value, value, value]));
    }
  });

  test("alpha is left out, unless the file's own channels are asked for", async () => {
    const file = await bytesOf(picture().ensureAlpha(0.5).png());
    const plain = await images.decode(await bytesOf(picture().png()), { color: true });
    expect(await images.decode(file, { color: true })).toEqual(plain);
    const own = await images.decode(file, { color: undefined });
    expect(own.channels).toBe(4);
    expect([...own.data.subarray(0, 4)]).toEqual([...plain.data.subarray(0, 3), 127]);
    const grayAlpha = await bytesOf(picture().toColourspace("b-w").ensureAlpha(0.5).png());
    expect((await images.decode(grayAlpha, { color: undefined })).channels).toBe(4);
  });

  test("palettes, few bits and interlaced rows are read", async () => {
    const palette = await bytesOf(picture().png({ palette: true, colours: 16 }));
    const raw = await sharp(palette).raw().toBuffer();
    const bgr = await images.decode(palette, { color: true });
    expect([...bgr.data.subarray(0, 3)]).toEqual([...raw.subarray(0, 3)].reverse());
    const plain = await images.decode(await bytesOf(picture().png()), { color: true });
    expect(await images.decode(await bytesOf(picture().png({ progressive: true })), { color: true })).toEqual(plain);
  });

  test("the lower 8 of 16 bits are dropped", async () => {
    const data = Uint16Array.of(0x1234, 0x80ff, 0xff00, 0xffff, 0x0001, 0x7f80);
    const file = encodePng({ width: 2, height: 1, channels: 3, depth: 16, data });
    expect([...(await images.decode(file, { color: true })).data]).toEqual([0xff, 0x80, 0x12, 0x7f, 0, 0xff]);
    await expect(images.decode(file, { color: undefined })).rejects.toThrow(/the PNG has 16 bits a value/);
  });

  test("a camera's orientation is applied, unless the file's own pixels are asked for; a profile is not", async () => {
    const upright = await images.decode(await bytesOf(picture().jpeg()), { color: true });
    const at = (image: Image, y: number, x: number) => [
      ...image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3),
    ];
    const [top, left, bottom, right] = [0, 0, height - 1, width - 1];
    // The positions in the file of the result's upper left and upper right corners.
    const corners = [
      [1, top, left, top, right],
      [2, top, right, top, left],
      [3, bottom, right, bottom, left],
      [4, bottom, left, bottom, right],
      [5, top, left, bottom, left],
      [6, bottom, left, top, left],
      [7, bottom, right, top, right],
      [8, top, right, bottom, right],
    ];
    for (const [orientation, y1, x1, y2, x2] of corners) {
      const file = await bytesOf(picture().jpeg().withMetadata({ orientation }));
      const turned = await images.decode(file, { color: true });
      expect(shape(turned)).toEqual(orientation < 5 ? [height, width, 3] : [width, height, 3]);
      expect(at(turned, 0, 0), `${orientation}`).toEqual(at(upright, y1, x1));
      expect(at(turned, 0, turned.width - 1), `${orientation}`).toEqual(at(upright, y2, x2));
      expect(await images.decode(file, { color: undefined })).toEqual(upright);
    }
    expect(await images.decode(await bytesOf(picture().jpeg().withIccProfile("p3")), { color: true })).toHaveProperty(
      "width",
      width,
    );
  });

  test("the missing part of a truncated JPEG is gray, as in OpenCV", async () => {
    const file = await bytesOf(picture().jpeg());
    const { data } = await images.decode(file.subarray(0, Math.floor(file.length / 2)), { color: false });
    expect(data.length).toBe(width * height);
    expect([...data.subarray(-3)]).toEqual([...data.subarray(-3)].fill(data[data.length - 1]));
  });

  test.each(["jpg", "png"] as const)("what is written as %s is read again", async (format) => {
    const image = await images.decode(await bytesOf(picture().png()), { color: true });
    const gray = await images.decode(await bytesOf(picture().png()), { color: false });
    for (const each of [image, gray]) {
      const again = await images.decode(await images.encode(each, format), { color: undefined });
      expect(shape(again)).toEqual(shape(each));
      if (format === "png") expect(again).toEqual(each);
      const off = again.data.map((value, i) => Math.abs(value - each.data[i]));
      expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(6);
    }
    await expect(images.encode({ width: 1, height: 1, channels: 2, data: new Uint8Array(2) }, format)).rejects.toThrow(
      "an image of 2 channels; 1 or 3 can be written",
    );
  });

  test("a file that is not an image, or damaged, is an error", async () => {
    const decode = (bytes: Uint8Array) => expect(images.decode(bytes, { color: true })).rejects;
    await decode(new TextEncoder().encode("hello")).toThrow(/^no /);
    await decode(new Uint8Array(0)).toThrow(/^no /);
    await decode(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2)).toThrow(/^the JPEG is damaged/);
    const png = await bytesOf(picture().png());
    await decode(png.fill(7, 60, 90)).toMatchObject({ code: "MOKA_DATA" });
    const vast = (await bytesOf(picture().jpeg())).slice();
    const frame = vast.findIndex((byte, i) => byte === 0xff && vast[i + 1] === 0xc0);
    vast.fill(0xff, frame + 5, frame + 9);
    await decode(vast).toThrow("an image of 65535×65535 pixels, where 134217728 are allowed");
    vast.fill(0x20, frame + 5, frame + 9);
    await decode(vast).toThrow(/an image of 8224×8224 pixels, which no file of \d+ bytes can hold/);
    await decode(caseFile("png-large/x.png")).toThrow(
      "an image of 2097173×33 pixels, which no file of 422 bytes can hold: its header is damaged",
    );
  });

  test("BMP, PGM and PPM are read as OpenCV reads them", async () => {
    const [bmp, png] = [caseFile("image-formats/rgb.bmp"), caseFile("image-formats/rgb.png")];
    for (const color of [true, false]) {
      const image = await images.decode(bmp, { color });
      expect(shape(image)).toEqual([6, 8, color ? 3 : 1]);
      if (color) expect(image).toEqual(await images.decode(png, { color }));
      // P5 and P6 are followed by the same 48 bytes, which are an image of 6×8 gray values, or of 4×4 colors.
      expect(shape(await images.decode(caseFile("image-formats/a.pgm"), { color }))[2]).toBe(color ? 3 : 1);
    }
    const [pgm, ppm] = [caseFile("image-formats/a.pgm"), caseFile("image-formats/a.ppm")];
    expect([...(await images.decode(pgm, { color: undefined })).data]).toEqual([...pgm.subarray(-48)]);
    const { data } = await images.decode(ppm, { color: true });
    expect([...data.subarray(0, 3)]).toEqual([...ppm.subarray(-48, -45)].reverse());
  });

  test("pixels that become more bytes than the header says are refused", async () => {
    const pixels = zlibSync(new Uint8Array(2 ** 25), { level: 1 });
    const bomb = encodePng({ width: 1, height: 1, channels: 1, depth: 16, data: Uint16Array.of(1) });
    const at = bomb.findIndex((_, i) => String.fromCharCode(...bomb.subarray(i, i + 4)) === "IDAT");
    const length = new DataView(bomb.buffer, bomb.byteOffset).getUint32(at - 4);
    const grown = concat([bomb.subarray(0, at + 4), pixels, bomb.subarray(at + 4 + length)]);
    new DataView(grown.buffer).setUint32(at - 4, pixels.length);
    await expect(images.decode(grown, { color: true })).rejects.toThrow(
      "its pixels are more than the 1×1 of its header",
    );
  });
});

test.each([
  ["4:4:4", false],
  ["4:2:0", false],
  ["4:2:0", true],
] as const)("JPEGs of %s, progressive %s, are the same everywhere", async (chromaSubsampling, progressive) => {
  const file = await bytesOf(picture().jpeg({ quality: 77, chromaSubsampling, progressive }));
  for (const color of [true, false]) {
    expect(await page.decode(file, { color })).toEqual(await node.decode(file, { color }));
  }
});

test("the limit of pixels can be set", async () => {
  const file = await bytesOf(picture().png());
  for (const make of [createImages, createPageImages]) {
    const decode = (maxPixels: number) => make({ maxPixels }).decode(file, { color: true });
    expect(shape(await decode(width * height))).toEqual([height, width, 3]);
    await expect(decode(width * height - 1)).rejects.toThrow(
      `an image of 31×45 pixels, where ${45 * 31 - 1} are allowed`,
    );
  }
});

describe("in Node only", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("MOKA_MAX_IMAGE_PIXELS limits images of every kind", async () => {
    vi.stubEnv("MOKA_MAX_IMAGE_PIXELS", "1394");
    const images = createImages();
    for (const file of [picture().jpeg(), picture().png(), picture().webp(), picture().gif(), picture().tiff()]) {
      const bytes = await bytesOf(file);
      await expect(images.decode(bytes, { color: true })).rejects.toThrow("of 31×45 pixels, where 1394 are allowed");
    }
    vi.stubEnv("MOKA_MAX_IMAGE_PIXELS", "many");
    expect(() => createImages()).toThrow('MOKA_MAX_IMAGE_PIXELS must be a number of pixels, not "many"');
  });

  test("a JPEG of four inks becomes colors as in OpenCV, from the values in the file", async () => {
    const white = sharp(new Uint8Array(192).fill(255), { raw: { width: 8, height: 8, channels: 3 } });
    const file = await bytesOf(white.toColourspace("cmyk").jpeg({ quality: 100 }));
    const { channels, data } = await node.decode(file, { color: undefined });
    expect(channels).toBe(3);
    expect(data.every((value) => value > 250)).toBe(true);
    await expect(page.decode(file, { color: true })).rejects.toThrow(
      /four inks \(CMYK\), which cannot be read in a page/,
    );
  });

  test("WebP, TIFF and GIF are read too", async () => {
    const plain = await node.decode(await bytesOf(picture().png()), { color: true });
    for (const file of [picture().webp({ lossless: true }), picture().tiff({ compression: "lzw" })]) {
      expect(await node.decode(await bytesOf(file), { color: true })).toEqual(plain);
    }
    expect(shape(await node.decode(await bytesOf(picture().gif()), { color: false }))).toEqual([height, width, 1]);
    await expect(page.decode(await bytesOf(picture().gif()), { color: true })).rejects.toThrow(/^no image of a kind/);
  });

  test("without sharp there is a clear error, once a picture must be decoded", async () => {
    const images = imagesBy(() => Promise.reject(new Error('Could not load the "sharp" module\nmore')));
    await expect(images.decode(fromBase64(opencvJpeg), { color: true })).rejects.toThrow(
      'images need the package sharp, which cannot be loaded here (try: npm install sharp): Could not load the "sharp" module',
    );
  });
});
