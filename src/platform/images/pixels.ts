import { check } from "../../util/errors.js";
import type { DecodeOptions, Image } from "../../util/images.js";

/** Pixels from a decoder: red, green, blue, or gray, with or without alpha; 8 or 16 bits per value. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 gray, 2 gray and alpha, 3 colors, 4 colors and alpha. */
  readonly channels: number;
  readonly data: Uint8Array | Uint8ClampedArray | Uint16Array;
}

/** How colors become gray: (red·weight + green·weight + blue·weight + half) >> shift, with integer weights. */
export interface GrayRule {
  readonly weights: readonly [red: number, green: number, blue: number];
  /** Half of 1 << shift, to round, or 0, to round down. */
  readonly half: number;
  readonly shift: number;
}

/** libpng's rule, with OpenCV's weights. It rounds values of 8 bits down, and values of 16 bits to the nearest. */
export const pngGray: GrayRule = { weights: [9797, 19234, 3737], half: 0, shift: 15 };
export const png16Gray: GrayRule = { ...pngGray, half: 1 << 14 };
/** libjpeg's rule, for the rare JPEG with red, green and blue instead of luminance and two color differences. */
export const jpegGray: GrayRule = { weights: [19595, 38470, 7471], half: 1 << 15, shift: 16 };
/** OpenCV's own rule, for other formats. */
export const opencvGray: GrayRule = { weights: [4899, 9617, 1868], half: 1 << 13, shift: 14 };

/** Takes the first channel only. */
export const firstChannel: GrayRule = { weights: [1, 0, 0], half: 0, shift: 0 };

/** Pixels of a format that OpenCV decodes without a library, in 8 bits a value. */
export interface PlainPixels extends Pixels {
  /** Whether the file's own channels are one gray value, though `channels` may be 3. */
  readonly isGray: boolean;
  /** Whether the file has 16 bits a value. */
  readonly is16: boolean;
}

/** Options of decoders. */
export interface DecoderOptions {
  /** The greatest number of pixels (height × width) of an image that is decoded. Default 2²⁷, 134 million. */
  readonly maxPixels?: number | undefined;
}

export const defaultMaxPixels = 2 ** 27;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Throws unless an image of this size may be decoded. */
export function checkSize({ width, height }: Size, maxPixels: number): void {
  check(width > 0 && height > 0, "MOKA_DATA", `an image of ${height}×${width} pixels: its header is damaged`);
  check(
    width * height <= maxPixels,
    "MOKA_DATA",
    `an image of ${height}×${width} pixels, where ${maxPixels} are allowed: ` +
      "its header is damaged, or the limit must be raised (maxPixels of createImages; MOKA_MAX_IMAGE_PIXELS in Node)",
  );
}

/** Images of up to this number of pixels are decoded, even if little is left of their files. */
const alwaysDecoded = 2 ** 20;

/** Throws if a header announces more pixels than its file can hold, at `perByte` pixels a byte at most. */
export function checkHolds({ width, height }: Size, fileSize: number, perByte: number): void {
  check(
    width * height <= Math.max(alwaysDecoded, fileSize * perByte),
    "MOKA_DATA",
    `an image of ${height}×${width} pixels, which no file of ${fileSize} bytes can hold: its header is damaged`,
  );
}

/** The image that OpenCV makes of these pixels. */
export function imageOfPlain(pixels: PlainPixels, { color }: DecodeOptions): Image {
  if (color === true) return toColor(pixels);
  if (color === false) return toGray(pixels, opencvGray);
  check(!pixels.is16, "MOKA_DATA", "the image has 16 bits a value; without force_color or force_gray it must have 8");
  return pixels.isGray ? toGray(pixels, opencvGray) : toOwnChannels(pixels);
}

/** Converts to three channels, blue first. Gray is repeated, alpha is left out. */
export function toColor({ width, height, channels, data }: Pixels): Image {
  const shift = data instanceof Uint16Array ? 8 : 0;
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  const bgr = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < bgr.length; from += channels, to += 3) {
    bgr[to] = (data[from + blue] ?? 0) >> shift;
    bgr[to + 1] = (data[from + green] ?? 0) >> shift;
    bgr[to + 2] = (data[from] ?? 0) >> shift;
  }
  return { width, height, channels: 3, data: bgr };
}

/** Converts to one channel. The lower 8 of 16 bits are dropped after the colors are weighted. */
export function toGray({ width, height, channels, data }: Pixels, { weights, half, shift }: GrayRule): Image {
  const depthShift = data instanceof Uint16Array ? 8 : 0;
  const [red, green, blue] = weights;
  const gray = new Uint8Array(width * height);
  for (let from = 0, to = 0; to < gray.length; from += channels, to++) {
    const first = data[from] ?? 0;
    const value =
      channels < 3
        ? first
        : (red * first + green * (data[from + 1] ?? 0) + blue * (data[from + 2] ?? 0) + half) >>> shift;
    gray[to] = value >> depthShift;
  }
  return { width, height, channels: 1, data: gray };
}

/** Keeps the channels, blue first. Gray with alpha becomes color with alpha: OpenCV has no images of two channels. */
export function toOwnChannels(pixels: Pixels): Image {
  const { width, height, channels, data } = pixels;
  if (channels === 3) return toColor(pixels);
  if (channels === 1) return { width, height, channels, data: Uint8Array.from(data) };
  const bgra = new Uint8Array(width * height * 4);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; to < bgra.length; from += channels, to += 4) {
    bgra[to] = data[from + blue] ?? 0;
    bgra[to + 1] = data[from + green] ?? 0;
    bgra[to + 2] = data[from] ?? 0;
    bgra[to + 3] = data[from + channels - 1] ?? 0;
  }
  return { width, height, channels: 4, data: bgra };
}

/** Red, green and blue from the four inks of a JPEG, with OpenCV's formula. As in the file, 255 is no ink. */
export function cmykToRgb({ width, height, data }: Pixels): Pixels {
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    const black = data[from + 3] ?? 0;
    for (let i = 0; i < 3; i++) rgb[to + i] = black - (((255 - (data[from + i] ?? 0)) * black) >> 8);
  }
  return { width, height, channels: 3, data: rgb };
}

/** The values of an image of three channels in the order red, green, blue, for encoders. */
export function toRgb(image: Image): Uint8Array {
  return toColor(image).data; // exchanges the first and the last channel, as for a decoder's pixels
}

/** Transposes and mirrors an image by its EXIF orientation, 1 to 8. 1 needs no change. */
export function orient(image: Image, orientation: number): Image {
  if (orientation < 2 || orientation > 8) return image;
  const { channels, data } = image;
  const isTransposed = orientation >= 5;
  const width = isTransposed ? image.height : image.width;
  const height = isTransposed ? image.width : image.height;
  const fromRight = [2, 3, 6, 7].includes(orientation);
  const fromBelow = [3, 4, 7, 8].includes(orientation);
  const result = new Uint8Array(data.length);
  for (let y = 0, to = 0; y < height; y++) {
    const row = fromBelow ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const column = fromRight ? width - 1 - x : x;
      let from = (isTransposed ? column * image.width + row : row * image.width + column) * channels;
      for (let c = 0; c < channels; c++) result[to++] = data[from++] ?? 0;
    }
  }
  return { width, height, channels, data: result };
}
