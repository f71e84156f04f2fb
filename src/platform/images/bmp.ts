import { check } from "../../util/errors.js";
import { checkHolds, checkSize, type PlainPixels } from "./pixels.js";

/** The ways in which pixels are stored. */
const coding = { plain: 0, rle8: 1, rle4: 2, masks: 3 } as const;

interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly isTopDown: boolean;
  /** Bits a pixel. */
  readonly bits: number;
  readonly coding: number;
  /** Whether it is the header of OS/2 1, whose images OpenCV takes for gray if their own channels are asked for. */
  readonly isOs2: boolean;
  /** Byte offset of the pixels. */
  readonly start: number;
  /** Red, green and blue of all colors that `bits` can name; those that the file lacks are black. */
  readonly palette: Uint8Array;
  /** The bits of red, green and blue. */
  readonly masks: readonly number[];
}

const damaged = "the BMP is damaged: ";

export function isBmp(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d; // BM
}

/**
 * Decodes a Windows or OS/2 bitmap: 1, 4, 8, 16, 24 or 32 bits a pixel, with a palette, bit masks or run lengths, rows from
 * below or from above. Pixels that the run lengths leave out have the first color. The package `fast-bmp` 4 reads no palettes,
 * 4 or 16 bits, run lengths, or rows from above.
 *
 * @throws MokaError MOKA_DATA if it is damaged, too large, or has bit masks that OpenCV does not read either
 */
export function decodeBmp(bytes: Uint8Array, maxPixels: number): PlainPixels {
  const header = readHeader(bytes, maxPixels);
  const { width, height, bits, palette, isOs2 } = header;
  const isRuns = header.coding === coding.rle8 || header.coding === coding.rle4;
  if (!isRuns) {
    const [has, needs] = [Math.max(0, bytes.length - header.start), rowSize(header) * height];
    check(has >= needs, "MOKA_DATA", `${damaged}${has} bytes of pixels, where ${needs} should be`);
  }
  if (bits > 8) return { width, height, is16: false, isGray: isOs2, ...readColors(bytes, header) };
  const indices = isRuns ? readRuns(bytes, header) : readIndices(bytes, header);
  const data = new Uint8Array(indices.length * 3);
  indices.forEach((index, i) => {
    for (let c = 0; c < 3; c++) data[3 * i + c] = palette[3 * index + c] ?? 0;
  });
  return { width, height, channels: 3, is16: false, isGray: isOs2 || isGrayPalette(palette), data };
}

function readHeader(bytes: Uint8Array, maxPixels: number): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const has = (end: number) => check(end <= bytes.length, "MOKA_DATA", `${damaged}it ends within its header`);
  has(26);
  const size = view.getUint32(14, true);
  const isOs2 = size === 12;
  check(isOs2 || size >= 36, "MOKA_DATA", `${damaged}a header of ${size} bytes`);
  has(14 + size);
  const width = isOs2 ? view.getUint16(18, true) : view.getInt32(18, true);
  const rows = isOs2 ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isOs2 ? 24 : 28, true);
  const code = isOs2 ? coding.plain : view.getUint32(30, true);
  const height = Math.abs(rows);
  checkSize({ width, height }, maxPixels);
  const allowed = { 1: [0], 4: [0, coding.rle4], 8: [0, coding.rle8], 16: [0, 3], 24: [0], 32: [0, 3] }[bits];
  check(allowed?.includes(code), "MOKA_DATA", `the BMP has ${bits} bits a pixel in compression ${code}: not read`);
  if (code === coding.rle4 || code === coding.rle8) checkHolds({ width, height }, bytes.length, 128);

  const palette = new Uint8Array(bits > 8 ? 0 : 3 * 2 ** bits);
  if (bits <= 8) {
    const used = (isOs2 ? 0 : view.getUint32(46, true)) || 2 ** bits;
    check(used <= 256, "MOKA_DATA", `${damaged}a palette of ${used} colors`);
    const step = isOs2 ? 3 : 4;
    has(14 + size + used * step);
    for (let i = 0; i < palette.length && i < 3 * used; i++) {
      palette[i] = bytes[14 + size + Math.floor(i / 3) * step + 2 - (i % 3)] ?? 0; // the file has blue first
    }
  }
  let masks = bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
  if (code === coding.masks) {
    has(66);
    masks = [54, 58, 62].map((at) => view.getUint32(at, true)); // behind a header of 40 bytes, within a longer one
  }
  const start = view.getUint32(10, true);
  return { width, height, isTopDown: rows < 0, bits, coding: code, isOs2, start, palette, masks };
}

/** Bytes of a row: a multiple of 4. */
const rowSize = ({ width, bits }: BmpHeader) => Math.ceil((width * bits) / 32) * 4;

/** Byte offset of a row of the result, 0 at the top. */
const rowStart = (header: BmpHeader, y: number) =>
  header.start + (header.isTopDown ? y : header.height - 1 - y) * rowSize(header);

/** The colors of 16, 24 or 32 bits; with masks, the fourth byte of 32 bits is alpha, as in OpenCV. */
function readColors(bytes: Uint8Array, header: BmpHeader): { channels: number; data: Uint8Array } {
  const { width, height, bits, masks } = header;
  const channels = bits === 32 && header.coding === coding.masks ? 4 : 3;
  const fields = masks.map((mask) => ({ mask, low: 31 - Math.clz32(mask & -mask), bits: bitCount(mask) }));
  const isRead =
    bits === 16
      ? ["7c00 3e0 1f", "f800 7e0 1f"].includes(masks.map((mask) => mask.toString(16)).join(" "))
      : fields.every(({ mask, low }) => mask >>> 0 === (0xff << low) >>> 0 && low % 8 === 0);
  check(
    isRead,
    "MOKA_DATA",
    `the BMP has the bit masks ${masks.map((mask) => mask.toString(16)).join(", ")}: not read`,
  );
  const alpha = 6 - fields.reduce((sum, { low }) => sum + low / 8, 0);
  const data = new Uint8Array(width * height * channels);
  const step = bits / 8;
  for (let y = 0, to = 0; y < height; y++) {
    let from = rowStart(header, y);
    for (let x = 0; x < width; x++, from += step, to += channels) {
      const word = bits === 16 ? (bytes[from] ?? 0) + 256 * (bytes[from + 1] ?? 0) : 0;
      for (let c = 0; c < 3; c++) {
        const { mask, low, bits: length } = fields[c] as (typeof fields)[0];
        data[to + c] = bits === 16 ? ((word & mask) >> low) << (8 - length) : (bytes[from + low / 8] ?? 0);
      }
      if (channels === 4) data[to + 3] = bytes[from + alpha] ?? 0;
    }
  }
  return { channels, data };
}

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest > 0; rest >>>= 1) count += rest & 1;
  return count;
}

function readIndices(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const { width, height, bits } = header;
  const indices = new Uint8Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    const row = rowStart(header, y);
    for (let bit = 0; bit < width * bits; bit += bits) {
      indices[to++] = ((bytes[row + (bit >> 3)] ?? 0) >> (8 - bits - (bit & 7))) & (2 ** bits - 1);
    }
  }
  return indices;
}

/** Indices in run lengths: pairs of a count and a value, or 0 and a code: 0 end of row, 1 of image, 2 move, else literal. */
function readRuns(bytes: Uint8Array, { width, height, isTopDown, bits, start }: BmpHeader): Uint8Array {
  const indices = new Uint8Array(width * height);
  let [x, y, at] = [0, 0, start];
  const next = () => {
    const byte = bytes[at++];
    check(byte !== undefined, "MOKA_DATA", `${damaged}it ends at row ${y} of ${height}`);
    return byte;
  };
  const put = (count: number, value: (i: number) => number) => {
    if (x === width) [x, y] = [0, y + 1];
    check(x + count <= width && y < height, "MOKA_DATA", `${damaged}a run goes beyond row ${y} of ${width} pixels`);
    const row = (isTopDown ? y : height - 1 - y) * width;
    for (let i = 0; i < count; i++) indices[row + x++] = value(i);
  };
  while (y < height && !(y === height - 1 && x === width)) {
    const [count, code] = [next(), next()];
    if (count > 0) put(count, (i) => (bits === 8 ? code : i % 2 === 0 ? code >> 4 : code & 15));
    else if (code === 0) [x, y] = [0, y + 1];
    else if (code === 1) break;
    else if (code === 2) [x, y] = [x + next(), y + next()];
    else {
      const size = bits === 8 ? code : Math.ceil(code / 2);
      const from = at;
      at += size + (size % 2);
      check(at <= bytes.length, "MOKA_DATA", `${damaged}it ends at row ${y} of ${height}`);
      const half = (i: number) => ((bytes[from + (i >> 1)] ?? 0) >> (i % 2 === 0 ? 4 : 0)) & 15;
      put(code, bits === 8 ? (i) => bytes[from + i] ?? 0 : half);
    }
  }
  return indices;
}

function isGrayPalette(palette: Uint8Array): boolean {
  return palette.every((value, i) => value === palette[i - (i % 3)]);
}
