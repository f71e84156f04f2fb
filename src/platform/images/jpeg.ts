import { concat } from "../../util/bytes.js";
import { check } from "../../util/errors.js";
import type { DecodeOptions, Image } from "../../util/images.js";
import {
  checkHolds,
  checkSize,
  cmykToRgb,
  firstChannel,
  jpegGray,
  opencvGray,
  orient,
  type Pixels,
  toColor,
  toGray,
} from "./pixels.js";

/** What the segments before a JPEG's pixels say. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** 1 gray, 3 colors, 4 inks (CMYK). */
  readonly components: number;
  /** Whether three components are luminance and two color differences, as nearly always, and not red, green, blue. */
  readonly hasLuminance: boolean;
  /** The EXIF orientation, 1 to 8. 1 needs no change. */
  readonly orientation: number;
  /** The byte ranges of the segments that give the meaning of the components (JFIF's and Adobe's). */
  readonly colorSegments: readonly (readonly [start: number, end: number])[];
}

const marker = { start: 0xd8, scan: 0xda, end: 0xd9, app0: 0xe0, app1: 0xe1, app14: 0xee } as const;

/** Whether a segment has the size of a frame: SOF0 to SOF15, without the codes of tables among them. */
const isFrame = (code: number) => code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code);

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === marker.start && bytes[2] === 0xff;
}

/** Reads the segments up to the first scan; undefined if there is no frame among them. */
function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const colorSegments: [number, number][] = [];
  let orientation = 1;
  let isJfif = false;
  let adobe: number | undefined;
  let frame: { width: number; height: number; ids: number[] } | undefined;
  for (const { code, start, end } of segments(bytes)) {
    const content = bytes.subarray(start + 4, end);
    if (code === marker.app0 && startsWith(content, "JFIF\0")) {
      isJfif = true;
      colorSegments.push([start, end]);
    } else if (code === marker.app14 && startsWith(content, "Adobe")) {
      adobe = content[11];
      colorSegments.push([start, end]);
    } else if (code === marker.app1 && startsWith(content, "Exif\0\0")) {
      orientation = readOrientation(content.subarray(6)) ?? orientation;
    } else if (isFrame(code) && content.length >= 6) {
      const view = new DataView(content.buffer, content.byteOffset, content.length);
      const ids = Array.from({ length: content[5] ?? 0 }, (_, i) => content[6 + 3 * i] ?? 0);
      frame = { height: view.getUint16(1), width: view.getUint16(3), ids };
    }
  }
  if (!frame) return undefined;
  const { width, height, ids } = frame;
  const isRgb = !isJfif && (adobe === undefined ? String.fromCharCode(...ids) === "RGB" : adobe === 0);
  const components = ids.length;
  const hasLuminance = components === 3 && !isRgb;
  return { width, height, components, hasLuminance, orientation, colorSegments };
}

/**
 * The same JPEG, marked as red, green and blue, so that a decoder does not convert its components. The first is the
 * luminance, which libjpeg, and so OpenCV, uses as the gray value. It cannot be computed from colors that were rounded
 * already.
 */
function withoutColorConversion(bytes: Uint8Array, { colorSegments }: JpegHeader): Uint8Array {
  const adobe = Uint8Array.of(0xff, marker.app14, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0);
  const parts: Uint8Array[] = [bytes.subarray(0, 2), adobe];
  let from = 2;
  for (const [start, end] of colorSegments) {
    parts.push(bytes.subarray(from, start));
    from = end;
  }
  parts.push(bytes.subarray(from));
  return concat(parts);
}

/** The segments up to the first scan, each from its marker to the beginning of the next. */
function* segments(bytes: Uint8Array): Generator<{ code: number; start: number; end: number }> {
  for (let at = 2; at + 4 <= bytes.length; ) {
    if (bytes[at] !== 0xff) return;
    const code = bytes[at + 1] ?? 0;
    if (code === 0xff) {
      at += 1; // markers may be padded with 0xff
      continue;
    }
    if (code === marker.scan || code === marker.end) return;
    const end = at + 2 + (bytes[at + 2] ?? 0) * 256 + (bytes[at + 3] ?? 0);
    if (end < at + 4 || end > bytes.length) return;
    yield { code, start: at, end };
    at = end;
  }
}

const startsWith = (bytes: Uint8Array, text: string) =>
  bytes.length >= text.length && Array.from(text).every((letter, i) => bytes[i] === letter.charCodeAt(0));

const orientationTag = 0x0112;

/** The orientation in the first directory of a TIFF header, if there is one. */
function readOrientation(tiff: Uint8Array): number | undefined {
  if (tiff.length < 8) return undefined;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  const isLittleEndian = tiff[0] === 0x49;
  const directory = view.getUint32(4, isLittleEndian);
  if (directory + 2 > tiff.length) return undefined;
  const count = view.getUint16(directory, isLittleEndian);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > tiff.length) return undefined;
    if (view.getUint16(entry, isLittleEndian) !== orientationTag) continue;
    const value = view.getUint16(entry + 8, isLittleEndian);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

/** Decodes JPEG bytes to gray or colors; a JPEG of four inks to the values of the inks in the file. */
export type JpegDecoder = (bytes: Uint8Array, header: JpegHeader) => Promise<Pixels>;

/** Decodes a JPEG to the same image as OpenCV. */
export async function decodeJpeg(
  bytes: Uint8Array,
  { color }: DecodeOptions,
  maxPixels: number,
  decoder: JpegDecoder,
): Promise<Image> {
  const header = readJpegHeader(bytes);
  check(header, "MOKA_DATA", "the JPEG is damaged: it has no frame header with its size");
  checkSize(header, maxPixels);
  checkHolds(header, bytes.length, 8 * 64); // a block of 64 pixels takes a bit or more
  const wantsGray = color === false || (color === undefined && header.components === 1);
  const usesLuminance = wantsGray && header.hasLuminance;
  const decoded = await decoder(usesLuminance ? withoutColorConversion(bytes, header) : bytes, header);
  const pixels = header.components === 4 ? cmykToRgb(decoded) : decoded;
  const image = wantsGray ? toGray(pixels, usesLuminance ? firstChannel : grayRule(header)) : toColor(pixels);
  return color === undefined ? image : orient(image, header.orientation);
}

const grayRule = ({ components }: JpegHeader) => (components === 4 ? opencvGray : jpegGray);
