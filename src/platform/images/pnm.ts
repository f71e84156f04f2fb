import { check, MokaError } from "../../util/errors.js";
import { checkSize, type PlainPixels } from "./pixels.js";

const damaged = "the PNM is damaged: ";

const isSpace = (byte: number | undefined) => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Whether it is a portable bitmap, graymap or pixmap: P1 to P6. */
export function isPnm(bytes: Uint8Array): boolean {
  const [letter, kind = 0, space] = bytes;
  return letter === 0x50 && kind >= 0x31 && kind <= 0x36 && isSpace(space);
}

/**
 * Decodes a PBM, PGM or PPM, as text or in bytes, as OpenCV does: text values are scaled from the file's maximum to 255,
 * and bytes are taken as they are, whatever the maximum; of 16 bits, the upper 8 count.
 *
 * @throws MokaError MOKA_DATA if it is damaged or too large
 */
export function decodePnm(bytes: Uint8Array, maxPixels: number): PlainPixels {
  const numbers = new Numbers(bytes);
  const kind = (bytes[1] ?? 0) - 0x30;
  const isText = kind <= 3;
  const isBits = kind === 1 || kind === 4;
  const width = numbers.next();
  const height = numbers.next();
  const max = isBits ? 1 : numbers.next();
  checkSize({ width, height }, maxPixels);
  check(max > 0 && max <= 65535, "MOKA_DATA", `${damaged}a greatest value of ${max}`);
  const is16 = max > 255;
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  const rowValues = width * channels;
  const rowBytes = isBits ? Math.ceil(width / 8) : rowValues * (is16 ? 2 : 1);
  // In text, each value has a digit and, but in a bitmap, a space.
  const needs = isText ? rowValues * height * (isBits ? 1 : 2) - 1 : rowBytes * height;
  const has = bytes.length - numbers.at;
  check(has >= needs, "MOKA_DATA", `${damaged}${has} bytes of pixels, where ${needs} should be`);

  const data = new Uint8Array(rowValues * height);
  for (let i = 0; i < data.length; i++) {
    if (isText) {
      const value = Math.min(numbers.next(isBits), isBits ? 1 : max);
      data[i] = isBits ? 255 * (1 - value) : is16 ? value >> 8 : Math.trunc((value * 255) / max);
    } else if (isBits) {
      const x = i % width;
      const byte = bytes[numbers.at + Math.floor(i / width) * rowBytes + (x >> 3)] ?? 0;
      data[i] = (byte >> (7 - (x & 7))) & 1 ? 0 : 255;
    } else {
      data[i] = bytes[numbers.at + i * (is16 ? 2 : 1)] ?? 0; // the upper byte comes first
    }
  }
  return { width, height, channels, data, is16, isGray: channels === 1 };
}

/** The numbers after the two letters of the kind. White space and comments stand between them. */
class Numbers {
  readonly #bytes: Uint8Array;
  /** Byte offset after the last number and the byte that ends it. */
  at = 2;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** @param isDigitOnly the number is one digit, and may be followed by the next */
  next(isDigitOnly = false): number {
    const bytes = this.#bytes;
    for (;;) {
      const byte = bytes[this.at];
      if (isDigit(byte)) break;
      if (byte === 0x23) while (this.at < bytes.length && bytes[this.at] !== 10 && bytes[this.at] !== 13) this.at++;
      else if (isSpace(byte)) this.at++;
      else throw new MokaError("MOKA_DATA", `${damaged}no number at byte ${this.at}`);
    }
    let value = 0;
    do value = value * 10 + (bytes[this.at++] ?? 0) - 0x30;
    while (!isDigitOnly && isDigit(bytes[this.at]));
    check(value < 2 ** 31, "MOKA_DATA", `${damaged}the number before byte ${this.at} is too large`);
    if (!isDigitOnly) this.at++;
    return value;
  }
}
