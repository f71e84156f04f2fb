import type { Image } from "../../util/images.js";
import { roundToEven } from "./resize.js";

const clampByte = (value: number) => Math.max(0, Math.min(value, 255));

/** The bits behind the binary point of the quotients in `toHsv`. */
const shift = 12;

/** For each divisor from 1 on: `of` / divisor, as an integer with `shift` bits behind the point. */
function quotients(of: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, i) => (i === 0 ? 0 : roundToEven((of * 2 ** shift) / i)));
}

const byValue = quotients(255);
const byDifference = quotients(180 / 6);

/**
 * Hue (0 to 179, half degrees), saturation and value (0 to 255) of an image in blue, green and red, bit for bit as OpenCV's
 * `COLOR_BGR2HSV` on 8 bits.
 */
export function toHsv({ width, height, channels, data }: Image): Image {
  const hsv = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const [b = 0, g = 0, r = 0] = [data[i], data[i + 1], data[i + 2]];
    const value = Math.max(b, g, r);
    const difference = value - Math.min(b, g, r);
    const saturation = (difference * (byValue[value] ?? 0) + (1 << (shift - 1))) >> shift;
    const sixths = value === r ? g - b : value === g ? b - r + 2 * difference : r - g + 4 * difference;
    const hue = (sixths * (byDifference[difference] ?? 0) + (1 << (shift - 1))) >> shift;
    hsv[i] = hue < 0 ? hue + 180 : hue;
    hsv[i + 1] = saturation;
    hsv[i + 2] = value;
  }
  return { width, height, channels, data: hsv };
}

/** Which of value, p, q, t are blue, green and red in each sixth of the circle of hues. */
const sectors = [
  [1, 3, 0],
  [1, 0, 2],
  [3, 0, 1],
  [0, 2, 1],
  [0, 1, 3],
  [2, 1, 0],
] as const;

/**
 * Blue, green and red of an image as `toHsv` makes it, as OpenCV's `COLOR_HSV2BGR` on 8 bits: in single precision, and rounded,
 * as before OpenCV 4, whose vectors drop what is behind the point, but whose last pixels of a row are rounded.
 */
export function fromHsv({ width, height, channels, data }: Image): Image {
  const f32 = Math.fround;
  const bgr = new Uint8Array(data.length);
  const table = new Float32Array(4);
  for (let i = 0; i < data.length; i += 3) {
    const saturation = f32((data[i + 1] ?? 0) * f32(1 / 255));
    const value = f32((data[i + 2] ?? 0) * f32(1 / 255));
    const hue = f32((data[i] ?? 0) * f32(6 / 180));
    const turn = hue >= 6 ? f32(hue - 6) : hue;
    const sector = Math.floor(turn);
    const rest = f32(turn - sector);
    table[0] = value;
    table[1] = f32(value * f32(1 - saturation));
    table[2] = f32(value * f32(1 - f32(saturation * rest)));
    table[3] = f32(value * f32(1 - f32(saturation * f32(1 - rest))));
    const places = sectors[sector] ?? sectors[0];
    for (let c = 0; c < 3; c++) bgr[i + c] = clampByte(roundToEven(f32((table[places[c] ?? 0] ?? 0) * 255)));
  }
  return { width, height, channels, data: bgr };
}

/** The gray of an image in blue, green and red, bit for bit as OpenCV's `COLOR_BGR2GRAY`. */
export function toGray({ width, height, data }: Image): Image {
  const gray = new Uint8Array(width * height);
  for (let i = 0, from = 0; i < gray.length; i++, from += 3) {
    const sum = (data[from] ?? 0) * 3735 + (data[from + 1] ?? 0) * 19235 + (data[from + 2] ?? 0) * 9798;
    gray[i] = (sum + (1 << 14)) >> 15;
  }
  return { width, height, channels: 1, data: gray };
}

/** Spreads the values of a gray image, so that each is about as frequent, as OpenCV's `equalizeHist`. */
export function equalize({ width, height, channels, data }: Image): Image {
  const counts = new Int32Array(256);
  for (const value of data) counts[value] = (counts[value] ?? 0) + 1;
  const least = counts.findIndex((count) => count > 0);
  const base = counts[least] ?? 0;
  if (base === data.length) return { width, height, channels, data };
  const scale = Math.fround(255 / (data.length - base));
  const table = new Uint8Array(256);
  let sum = 0;
  for (let value = least + 1; value < 256; value++) {
    sum += counts[value] ?? 0;
    table[value] = clampByte(roundToEven(Math.fround(sum * scale)));
  }
  return { width, height, channels, data: data.map((value) => table[value] ?? 0) };
}

/** The least of each value and its neighbors in the directions of a 3×3 ellipse: above, below, left and right. */
export function erode({ width, height, channels, data }: Image): Image {
  const least = new Uint8Array(data.length);
  const row = width * channels;
  for (let i = 0; i < data.length; i++) {
    const x = Math.floor((i % row) / channels);
    let value = data[i] ?? 0;
    if (x > 0) value = Math.min(value, data[i - channels] ?? 0);
    if (x < width - 1) value = Math.min(value, data[i + channels] ?? 0);
    if (i >= row) value = Math.min(value, data[i - row] ?? 0);
    if (i + row < data.length) value = Math.min(value, data[i + row] ?? 0);
    least[i] = value;
  }
  return { width, height, channels, data: least };
}

/** `factor`·value + `delta` of one channel, or of all, rounded and kept from 0 to 255, as OpenCV's `convertTo`. */
export function scaleValues(image: Image, factor: number, delta: number, channel?: number): Image {
  const { width, height, channels, data } = image;
  const table = new Uint8Array(256);
  for (let value = 0; value < 256; value++) {
    table[value] = clampByte(roundToEven(Math.fround(value * factor + delta)));
  }
  const scaled = data.slice();
  const step = channel === undefined ? 1 : channels;
  for (let i = channel ?? 0; i < data.length; i += step) scaled[i] = table[data[i] ?? 0] ?? 0;
  return { width, height, channels, data: scaled };
}
