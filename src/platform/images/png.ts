import { maxDeflateRatio } from "../../util/bytes.js";
import { check, MokaError, reasonOf } from "../../util/errors.js";
import type { DecodeOptions, Image } from "../../util/images.js";
import { loadOnce } from "./load.js";
import {
  checkHolds,
  checkSize,
  firstChannel,
  type Pixels,
  png16Gray,
  pngGray,
  toColor,
  toGray,
  toOwnChannels,
} from "./pixels.js";

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]; // \x89PNG\r\n\x1a\n

/** The content of a PNG's first chunk. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per value, 1 to 16. */
  readonly depth: number;
  /** Bits per pixel. */
  readonly bits: number;
  /** Whether it has gray values without an alpha channel; one gray value may be marked as transparent. */
  readonly isPlainGray: boolean;
}

/** Reads the header; undefined if the bytes are not a PNG. */
export function readPngHeader(bytes: Uint8Array, maxPixels: number): PngHeader | undefined {
  if (bytes.length < 29 || !signature.every((byte, i) => bytes[i] === byte)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const header = {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: view.getUint8(24),
    bits: view.getUint8(24) * (channelsOf[view.getUint8(25)] ?? 4),
    isPlainGray: view.getUint8(25) === 0,
  };
  checkSize(header, maxPixels);
  checkHolds(header, sizeOf(pixelChunks(bytes)), (maxDeflateRatio * 8) / header.bits);
  return header;
}

/** Values of a pixel, by the color type: gray, colors, palette, gray and alpha, colors and alpha. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** The contents of the chunks with pixels, IDAT, as far as they are there. */
function pixelChunks(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: Uint8Array[] = [];
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x49444154) chunks.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  return chunks;
}

const sizeOf = (chunks: readonly Uint8Array[]) => chunks.reduce((sum, { length }) => sum + length, 0);

/** Small chunks may become more bytes than the header announces, up to this number. */
const maxExcess = 2 ** 24;

/** Compressed bytes that are inflated at once when they are counted. */
const pieceSize = 2 ** 15;

/** Throws if the pixels become far more bytes than the header announces. The decoder would keep them all. */
async function checkInflated(bytes: Uint8Array, { width, height, bits }: PngHeader): Promise<void> {
  const chunks = pixelChunks(bytes);
  // An interlaced image has up to two rows, each with a byte for its filter, where another has one.
  const limit = 2 * height * (1 + Math.ceil((width * bits) / 8)) + maxExcess;
  if (sizeOf(chunks) * maxDeflateRatio <= limit) return;
  const { Unzlib } = await import("fflate");
  let size = 0;
  const inflator = new Unzlib((piece) => {
    size += piece.length;
  });
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.length; from += pieceSize) {
      inflator.push(chunk.subarray(from, from + pieceSize));
      check(size <= limit, "MOKA_DATA", `its pixels are more than the ${height}×${width} of its header`);
    }
  }
}

/** Converts a PNG's pixels to the same image as OpenCV. */
export function imageOfPng(pixels: Pixels, { isPlainGray }: PngHeader, { color }: DecodeOptions): Image {
  const is16 = pixels.data instanceof Uint16Array;
  if (color === true) return toColor(pixels);
  if (color === false) return toGray(pixels, is16 ? png16Gray : pngGray);
  check(!is16, "MOKA_DATA", "the PNG has 16 bits a value; without force_color or force_gray it must have 8");
  return isPlainGray ? toGray(pixels, firstChannel) : toOwnChannels(pixels);
}

export const loadPng = loadOnce("the PNG codec", () => import("fast-png"));

/** Decodes a PNG in TypeScript. */
export async function decodePng(bytes: Uint8Array, header: PngHeader): Promise<Pixels> {
  const { decode } = await loadPng();
  try {
    await checkInflated(bytes, header);
    const { width, height, depth, channels, data, palette, transparency } = decode(bytes);
    const values = depth < 8 ? unpack(data, width, height, depth) : data;
    if (palette) return { width, height, ...colorsOf(values, palette) };
    if (depth < 8) return { width, height, channels, data: values.map((value) => (value * 255) / (2 ** depth - 1)) };
    const transparentColor = channels === 3 && transparency?.length === 3 ? transparency : undefined;
    return { width, height, ...(transparentColor ? withAlpha(values, transparentColor) : { channels, data: values }) };
  } catch (error) {
    throw new MokaError("MOKA_DATA", `the PNG is damaged: ${reasonOf(error)}`, { cause: error });
  }
}

/** Unpacks bytes that hold several values each to one value per byte. Each row begins at a new byte. */
function unpack(data: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const values = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * rowBytes + (bit >> 3)] ?? 0;
      values[to++] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return values;
}

type Values = Pick<Pixels, "channels" | "data">;

function colorsOf(indices: ArrayLike<number>, palette: readonly (readonly number[])[]): Values {
  const channels = Math.max(...palette.map(({ length }) => length));
  const data = new Uint8Array(indices.length * channels).fill(255);
  for (let i = 0; i < indices.length; i++) {
    const color = palette[indices[i] ?? 0];
    check(color, "MOKA_DATA", `it uses color ${indices[i]} of a palette of ${palette.length}`);
    data.set(color, i * channels);
  }
  return { channels, data };
}

/** Adds an alpha channel: 0 where a pixel has the transparent color, else 255. */
function withAlpha(data: Pixels["data"], transparentColor: Uint16Array): Values {
  const rgba =
    data instanceof Uint16Array ? new Uint16Array((data.length / 3) * 4) : new Uint8Array((data.length / 3) * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    const isTransparent = transparentColor.every((value, i) => data[from + i] === value);
    for (let i = 0; i < 3; i++) rgba[to + i] = data[from + i] ?? 0;
    rgba[to + 3] = isTransparent ? 0 : 255;
  }
  return { channels: 4, data: rgba };
}
