import { check } from "../../util/errors.js";
import { type Chance, Wobble } from "./chance.js";
import { type PenPlace, penWay } from "./pen.js";
import { type Stroke, styles } from "./styles.js";

/** Width and height of an image. */
export const digitSize = 28;

/** Longer side of a digit before it varies in size, as in MNIST. */
const inkSize = 20;

/** Pixels that the pen's middle keeps away from the border. */
const border = 3;

/** The field on which the styles are written. */
const field = { width: 70, height: 100 };

/**
 * Draws a digit as somebody may have written it: 28×28 bytes, ink 255 on ground 0.
 *
 * A style of writing is chosen; then everything about it varies: the points of its strokes, where they
 * start and end, slant, turn and proportions, a smooth distortion of the whole, size and place, the width of
 * the pen and how it is pressed, how sharp and how dark the ink comes out.
 */
export function drawDigit(digit: number, chance: Chance): Uint8Array {
  const ways = styles[digit];
  check(ways, "MOKA_USAGE", `${digit} is no digit`);
  const style = ways[chance.below(ways.length)] ?? [];
  const written = style.map((stroke) => trim(penWay(jitter(stroke, chance)), chance));
  const placed = place(distort(written, chance), chance);
  return develop(ink(placed, chance), chance);
}

function jitter(stroke: Stroke, chance: Chance): Stroke {
  return stroke.map(({ x, y, isCorner }) => ({ x: x + chance.around(2), y: y + chance.around(2), isCorner }));
}

/** Leaves out a little at the ends. */
function trim(way: readonly PenPlace[], chance: Chance): PenPlace[] {
  const start = Math.max(chance.around(0.03), 0);
  const end = 1 - Math.max(chance.around(0.04), 0);
  return way.filter(({ along }) => along >= start && along <= end);
}

/** Slants, turns, stretches and bends what was written. */
function distort(ways: readonly PenPlace[][], chance: Chance): PenPlace[][] {
  const slant = 0.1 + chance.around(0.2);
  const stretch = 1 + chance.around(0.14);
  const turn = chance.around(0.06); // tangent of half the angle
  const cos = (1 - turn * turn) / (1 + turn * turn);
  const sin = (2 * turn) / (1 + turn * turn);
  const bendX = bend(chance);
  const bendY = bend(chance);
  return ways.map((way) =>
    way.map(({ x: fieldX, y: fieldY, along }) => {
      const x = fieldX - field.width / 2;
      const y = fieldY - field.height / 2;
      const bentX = x + bendX(x / 50, y / 50);
      const bentY = y + bendY(x / 50, y / 50);
      const slantedX = bentX * stretch - bentY * slant;
      return { x: cos * slantedX - sin * bentY, y: sin * slantedX + cos * bentY, along };
    }),
  );
}

/** A random polynomial of a place, of degree 2 and 3: it moves all the points around about alike. */
function bend(chance: Chance): (x: number, y: number) => number {
  const [xx, xy, yy, xxx, xxy, xyy, yyy] = Array.from({ length: 7 }, () => chance.around(5)) as BendTerms;
  return (x, y) => x * x * (xx + xxx * x + xxy * y) + y * y * (yy + xyy * x + yyy * y) + xy * x * y;
}

type BendTerms = [number, number, number, number, number, number, number];

/** Fits the digit into the image: nearly always of the same size, its center of mass nearly in the middle. */
function place(ways: readonly PenPlace[][], chance: Chance): PenPlace[][] {
  const x = extent(ways, "x");
  const y = extent(ways, "y");
  const center = centerOf(ways);
  const scale = (inkSize * chance.between(0.84, 1.02)) / Math.max(x.max - x.min, y.max - y.min);
  const toX = inside(digitSize / 2 + chance.around(0.8), (x.min - center.x) * scale, (x.max - center.x) * scale);
  const toY = inside(digitSize / 2 + chance.around(0.8), (y.min - center.y) * scale, (y.max - center.y) * scale);
  return ways.map((way) =>
    way.map((at) => ({ x: (at.x - center.x) * scale + toX, y: (at.y - center.y) * scale + toY, along: at.along })),
  );
}

function extent(ways: readonly PenPlace[][], axis: "x" | "y"): { readonly min: number; readonly max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const way of ways) {
    for (const at of way) {
      min = Math.min(min, at[axis]);
      max = Math.max(max, at[axis]);
    }
  }
  return { min, max };
}

/** The place nearest to `middle` from which what reaches from `before` to `after` stays in the image. */
function inside(middle: number, before: number, after: number): number {
  return Math.min(Math.max(middle, border - before), digitSize - border - after);
}

function centerOf(ways: readonly PenPlace[][]): { x: number; y: number } {
  const sum = { x: 0, y: 0, length: 0 };
  for (const way of ways) {
    for (const [from, to] of steps(way)) {
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

function* steps(way: readonly PenPlace[]): Generator<[PenPlace, PenPlace]> {
  for (let i = 1; i < way.length; i++) yield [way[i - 1] as PenPlace, way[i] as PenPlace];
}

/** The share of each pixel that a round pen covers. */
function ink(ways: readonly PenPlace[][], chance: Chance): Float64Array {
  const pixels = new Float64Array(digitSize * digitSize);
  const radius = Math.max(1.2 + chance.around(0.32), 0.6);
  for (const way of ways) {
    const pressure = new Wobble(3, 0.2, chance);
    for (const [from, to] of steps(way)) cover(pixels, from, to, radius * Math.max(1 + pressure.at(from.along), 0.5));
  }
  return pixels;
}

/** Covers what lies within `radius` of the line from one place to the next. */
function cover(pixels: Float64Array, from: PenPlace, to: PenPlace, radius: number): void {
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

/** Bytes of an image: its ink uneven, a little blurred, more or less dark. */
function develop(pixels: Float64Array, chance: Chance): Uint8Array {
  const grain = chance.between(0, 0.12);
  const blur = chance.between(0.02, 0.13);
  const dark = chance.between(200, 280);
  pixels.forEach((share, i) => {
    if (share > 0) pixels[i] = share * (1 + chance.around(grain));
  });
  const blurred = smooth(smooth(pixels, 1, blur), digitSize, blur);
  const bytes = new Uint8Array(pixels.length);
  blurred.forEach((share, i) => {
    if (share > 0.07) bytes[i] = Math.min(Math.round(share * dark), 255);
  });
  return bytes;
}

/** Gives `share` of each pixel to either neighbor, `stride` away; what little is at the border stays. */
function smooth(pixels: Float64Array, stride: number, share: number): Float64Array {
  const smoothed = pixels.slice();
  for (let i = stride; i < pixels.length - stride; i++) {
    const both = (pixels[i - stride] ?? 0) + (pixels[i + stride] ?? 0);
    smoothed[i] = (1 - 2 * share) * (pixels[i] ?? 0) + share * both;
  }
  return smoothed;
}
