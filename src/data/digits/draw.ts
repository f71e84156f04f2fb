import { check } from "../../util/errors.js";
import { type PenPoint, penPath } from "./pen.js";
import { type PortableRandom, SmoothNoise } from "./portable-random.js";
import { type Stroke, styles } from "./styles.js";

/** Width and height of an image in pixels. */
export const digitSize = 28;

/** Longer side of a digit in pixels before its size varies, as in MNIST. */
const inkSize = 20;

/** The least distance of the pen's center from the border in pixels. */
const border = 3;

/** The size of the field in which the styles are given. */
const field = { width: 70, height: 100 };

/**
 * Draws a digit as a person may write it: 28×28 bytes, ink 255 on a background of 0.
 *
 * A style of writing is chosen at random. Then all of these vary at random: the points of the strokes, their
 * starts and ends, slant, rotation and proportions, a smooth distortion of the whole, size and place, the width
 * and the pressure of the pen, and the sharpness and darkness of the ink.
 */
export function drawDigit(digit: number, random: PortableRandom): Uint8Array {
  const variants = styles[digit];
  check(variants, "MOKA_USAGE", `${digit} is no digit`);
  const style = variants[random.below(variants.length)] ?? [];
  const drawn = style.map((stroke) => trim(penPath(jitter(stroke, random)), random));
  const placed = place(distort(drawn, random), random);
  return toBytes(rasterize(placed, random), random);
}

function jitter(stroke: Stroke, random: PortableRandom): Stroke {
  return stroke.map(({ x, y, isCorner }) => ({ x: x + random.gaussian(2), y: y + random.gaussian(2), isCorner }));
}

/** Removes a small random part at both ends of a stroke. */
function trim(path: readonly PenPoint[], random: PortableRandom): PenPoint[] {
  const start = Math.max(random.gaussian(0.03), 0);
  const end = 1 - Math.max(random.gaussian(0.04), 0);
  return path.filter(({ along }) => along >= start && along <= end);
}

/** Slants, rotates, stretches and bends the strokes. */
function distort(strokes: readonly PenPoint[][], random: PortableRandom): PenPoint[][] {
  const slant = 0.1 + random.gaussian(0.2);
  const stretch = 1 + random.gaussian(0.14);
  const rotation = random.gaussian(0.06); // tangent of half the angle
  const cos = (1 - rotation * rotation) / (1 + rotation * rotation);
  const sin = (2 * rotation) / (1 + rotation * rotation);
  const bendX = bend(random);
  const bendY = bend(random);
  return strokes.map((path) =>
    path.map(({ x: fieldX, y: fieldY, along }) => {
      const x = fieldX - field.width / 2;
      const y = fieldY - field.height / 2;
      const bentX = x + bendX(x / 50, y / 50);
      const bentY = y + bendY(x / 50, y / 50);
      const slantedX = bentX * stretch - bentY * slant;
      return { x: cos * slantedX - sin * bentY, y: sin * slantedX + cos * bentY, along };
    }),
  );
}

/** A random polynomial of degree 3 in x and y: it moves points that are near each other by about the same distance. */
function bend(random: PortableRandom): (x: number, y: number) => number {
  const [xx, xy, yy, xxx, xxy, xyy, yyy] = Array.from({ length: 7 }, () => random.gaussian(5)) as BendTerms;
  return (x, y) => x * x * (xx + xxx * x + xxy * y) + y * y * (yy + xyy * x + yyy * y) + xy * x * y;
}

type BendTerms = [number, number, number, number, number, number, number];

/** Scales the digit to nearly the same size every time, and puts its center of mass near the middle of the image. */
function place(strokes: readonly PenPoint[][], random: PortableRandom): PenPoint[][] {
  const x = extent(strokes, "x");
  const y = extent(strokes, "y");
  const center = centerOf(strokes);
  const scale = (inkSize * random.uniform(0.84, 1.02)) / Math.max(x.max - x.min, y.max - y.min);
  const toX = placeInside(digitSize / 2 + random.gaussian(0.8), (x.min - center.x) * scale, (x.max - center.x) * scale);
  const toY = placeInside(digitSize / 2 + random.gaussian(0.8), (y.min - center.y) * scale, (y.max - center.y) * scale);
  return strokes.map((path) =>
    path.map((at) => ({ x: (at.x - center.x) * scale + toX, y: (at.y - center.y) * scale + toY, along: at.along })),
  );
}

function extent(strokes: readonly PenPoint[][], axis: "x" | "y"): { readonly min: number; readonly max: number } {
  const places = strokes.flat().map((at) => at[axis]);
  return { min: Math.min(...places), max: Math.max(...places) };
}

/** The position nearest to `middle` where an extent from `before` to `after` around it stays in the image. */
function placeInside(middle: number, before: number, after: number): number {
  return Math.min(Math.max(middle, border - before), digitSize - border - after);
}

function centerOf(strokes: readonly PenPoint[][]): { x: number; y: number } {
  const sum = { x: 0, y: 0, length: 0 };
  for (const path of strokes) {
    for (const [from, to] of lines(path)) {
      const dx = to.x - from.x;
      const dy = to.y - from.y;
      const length = Math.sqrt(dx * dx + dy * dy);
      sum.x += ((from.x + to.x) / 2) * length;
      sum.y += ((from.y + to.y) / 2) * length;
      sum.length += length;
    }
  }
  return { x: sum.x / sum.length, y: sum.y / sum.length };
}

function* lines(path: readonly PenPoint[]): Generator<[PenPoint, PenPoint]> {
  for (let i = 1; i < path.length; i++) yield [path[i - 1] as PenPoint, path[i] as PenPoint];
}

/** The fraction of each pixel that a round pen covers. */
function rasterize(strokes: readonly PenPoint[][], random: PortableRandom): Float64Array {
  const pixels = new Float64Array(digitSize * digitSize);
  const radius = Math.max(1.2 + random.gaussian(0.32), 0.6);
  for (const path of strokes) {
    const pressure = new SmoothNoise(3, 0.2, random);
    for (const [from, to] of lines(path)) cover(pixels, from, to, radius * Math.max(1 + pressure.at(from.along), 0.5));
  }
  return pixels;
}

/** Covers the pixels within `radius` pixels of the line from one point to the next. */
function cover(pixels: Float64Array, from: PenPoint, to: PenPoint, radius: number): void {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const squared = dx * dx + dy * dy;
  const reach = radius + 0.5;
  const left = Math.max(Math.floor(Math.min(from.x, to.x) - reach), 0);
  const right = Math.min(Math.ceil(Math.max(from.x, to.x) + reach), digitSize);
  const top = Math.max(Math.floor(Math.min(from.y, to.y) - reach), 0);
  const bottom = Math.min(Math.ceil(Math.max(from.y, to.y) + reach), digitSize);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const x = column + 0.5 - from.x;
      const y = row + 0.5 - from.y;
      const t = squared > 0 ? Math.min(Math.max((x * dx + y * dy) / squared, 0), 1) : 0;
      const awayX = x - t * dx;
      const awayY = y - t * dy;
      const share = reach - Math.sqrt(awayX * awayX + awayY * awayY);
      const pixel = row * digitSize + column;
      if (share > (pixels[pixel] ?? 1)) pixels[pixel] = Math.min(share, 1);
    }
  }
}

/** The bytes of an image: the ink gets noise, a slight blur and a random darkness. */
function toBytes(pixels: Float64Array, random: PortableRandom): Uint8Array {
  const grain = random.uniform(0, 0.12);
  const blur = random.uniform(0.02, 0.13);
  const dark = random.uniform(200, 280);
  pixels.forEach((share, i) => {
    if (share > 0) pixels[i] = share * (1 + random.gaussian(grain));
  });
  const blurred = blurAlong(blurAlong(pixels, 1, blur), digitSize, blur);
  const bytes = new Uint8Array(pixels.length);
  blurred.forEach((share, i) => {
    if (share > 0.07) bytes[i] = Math.min(Math.round(share * dark), 255);
  });
  return bytes;
}

/** Gives the fraction `share` of each pixel to each neighbor, `stride` values away; pixels at the ends keep theirs. */
function blurAlong(pixels: Float64Array, stride: number, share: number): Float64Array {
  const smoothed = pixels.slice();
  for (let i = stride; i < pixels.length - stride; i++) {
    const both = (pixels[i - stride] ?? 0) + (pixels[i + stride] ?? 0);
    smoothed[i] = (1 - 2 * share) * (pixels[i] ?? 0) + share * both;
  }
  return smoothed;
}
