import type { AnnotatedBox } from "../../proto/binary/index.js";
import type { Image } from "../../util/images.js";
import { resize } from "../images/resize.js";
import { digitSize, drawDigit } from "./draw.js";
import { PortableRandom } from "./portable-random.js";

/** A picture of a few digits, what is where in it, and the class of each pixel. */
export interface Scene {
  readonly image: Image;
  /** The boxes of the digits' ink; the label of digit d is d + 1, since 0 is background. */
  readonly boxes: readonly AnnotatedBox[];
  /** One byte for each pixel: the label of the digit whose ink it is, 0 for background, 255 at a digit's blurred edge. */
  readonly mask: Uint8Array;
}

export interface SceneOptions {
  /** Width and height in pixels. */
  readonly size: number;
  /** One channel instead of three. */
  readonly gray: boolean;
}

/** The label in a mask of pixels that count for no class, as in PASCAL VOC. */
export const voidLabel = 255;

/** Ink from this on belongs to the digit; pixels with less, but more than `edgeInk`, are its edge. */
const fullInk = 112;
const edgeInk = 24;

/** A digit may cover this part of the box of another, or of its own box. */
const mostOverlap = 0.08;

/** The least difference in brightness between a digit and the background. */
const contrast = 80;

/** Places that are tried for a digit before the scene goes on without it. */
const tries = 25;

interface Place {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Draws a scene: a background whose brightness changes smoothly, some lines and rectangles on it, and one to four digits of
 * different sizes and colors that overlap by little. As with `digits`, the same numbers give the same bytes on every machine.
 */
export function drawScene(random: PortableRandom, { size, gray }: SceneOptions): Scene {
  const channels = gray ? 1 : 3;
  const canvas = new Canvas(size, channels);
  const isDark = random.below(2) === 0;
  const base = isDark ? random.uniform(10, 90) : random.uniform(165, 245);
  canvas.background(base, random);
  for (let left = random.below(6); left > 0; left--) canvas.clutter(base, random);
  const mask = new Uint8Array(size * size);
  const boxes: AnnotatedBox[] = [];
  const places: Place[] = [];
  const instances = new Map<number, number>();
  for (let left = 1 + random.below(4); left > 0; left--) {
    const digit = random.below(10);
    const ink = inkOf(digit, Math.round(size * random.uniform(0.28, 0.62)), random);
    const at = findPlace(ink, places, size, random);
    if (!at) continue;
    places.push(at);
    const brightness = isDark ? random.uniform(base + contrast, 255) : random.uniform(0, base - contrast);
    canvas.draw(ink, at, colorOf(brightness, channels, random));
    fillMask(mask, size, ink, at, digit + 1);
    const instance = instances.get(digit) ?? 0;
    instances.set(digit, instance + 1);
    const edges = { xmin: at.left, ymin: at.top, xmax: at.right, ymax: at.bottom };
    const [xmin, ymin, xmax, ymax] = Object.values(edges).map((edge) => Math.fround(edge / size)) as Edges;
    boxes.push({ label: digit + 1, instance, xmin, ymin, xmax, ymax, difficult: false });
  }
  canvas.noise(random);
  return { image: { width: size, height: size, channels, data: canvas.bytes() }, boxes: byClass(boxes), mask };
}

type Edges = [number, number, number, number];

/** A digit's ink, cut to its box. */
interface Ink {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Draws a digit, resized from its field of 28×28 to one of `size`, and cuts off what has no ink. */
function inkOf(digit: number, size: number, random: PortableRandom): Ink {
  const data = drawDigit(digit, random);
  const field = resize({ width: digitSize, height: digitSize, channels: 1, data }, size, size).data;
  let [left, top, right, bottom] = [size, size, 0, 0];
  field.forEach((value, i) => {
    if (value <= edgeInk) return;
    const [x, y] = [i % size, Math.floor(i / size)];
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
  });
  const [width, height] = [right - left, bottom - top];
  const ink = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * size + left;
    ink.set(field.subarray(from, from + width), y * width);
  }
  return { width, height, data: ink };
}

/** A random place where the ink hardly overlaps others; undefined if none was found. */
function findPlace(ink: Ink, others: readonly Place[], size: number, random: PortableRandom): Place | undefined {
  for (let i = 0; i < tries; i++) {
    const left = random.below(size - ink.width + 1);
    const top = random.below(size - ink.height + 1);
    const place = { left, top, right: left + ink.width, bottom: top + ink.height };
    if (others.every((other) => overlap(place, other) <= mostOverlap)) return place;
  }
  return undefined;
}

/** The area that two boxes share, as a part of the smaller one. */
function overlap(a: Place, b: Place): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const area = ({ left, top, right, bottom }: Place) => (right - left) * (bottom - top);
  return width > 0 && height > 0 ? (width * height) / Math.min(area(a), area(b)) : 0;
}

/** A color of about this brightness: in gray its one value, else blue, green and red that differ from it by a little. */
function colorOf(brightness: number, channels: number, random: PortableRandom): readonly number[] {
  if (channels === 1) return [brightness];
  return Array.from({ length: channels }, () => clamp(brightness + random.uniform(-45, 45)));
}

const clamp = (value: number) => Math.min(Math.max(value, 0), 255);

function fillMask(mask: Uint8Array, size: number, ink: Ink, { left, top }: Place, label: number): void {
  for (let i = 0; i < ink.data.length; i++) {
    const value = ink.data[i] ?? 0;
    const to = (top + Math.floor(i / ink.width)) * size + left + (i % ink.width);
    if (value >= fullInk) mask[to] = label;
    else if (value > edgeInk) mask[to] = voidLabel;
  }
}

/** The boxes in the order of a record: class by class, in the order of the first of each. */
function byClass(boxes: readonly AnnotatedBox[]): readonly AnnotatedBox[] {
  const labels = new Set(boxes.map(({ label }) => label));
  return [...labels].flatMap((label) => boxes.filter((box) => box.label === label));
}

/** A square image in which the channels of a pixel are adjacent. */
class Canvas {
  readonly #size: number;
  readonly #channels: number;
  readonly #values: Float64Array;

  constructor(size: number, channels: number) {
    this.#size = size;
    this.#channels = channels;
    this.#values = new Float64Array(size * size * channels);
  }

  /** A plane of slowly changing brightness around `base`. */
  background(base: number, random: PortableRandom): void {
    const [dx, dy, dxy] = [random.uniform(-20, 20), random.uniform(-20, 20), random.uniform(-20, 20)];
    const color = colorOf(base, this.#channels, random).map((value) => (value + base) / 2);
    for (let y = 0, to = 0; y < this.#size; y++) {
      const v = y / this.#size - 0.5;
      for (let x = 0; x < this.#size; x++) {
        const u = x / this.#size - 0.5;
        for (const value of color) this.#values[to++] = value + dx * u + dy * v + dxy * u * v;
      }
    }
  }

  /** A line or the outline of a rectangle, of less contrast than digits have. */
  clutter(base: number, random: PortableRandom): void {
    const color = colorOf(base + random.uniform(-40, 40), this.#channels, random);
    const [x1, y1, x2, y2] = Array.from({ length: 4 }, () => random.below(this.#size)) as Edges;
    const thickness = 1 + random.below(2);
    const strength = random.uniform(0.25, 0.6);
    if (random.below(2) === 0) {
      this.#line(x1, y1, x2, y2, thickness, color, strength);
      return;
    }
    for (const y of [y1, y2]) this.#line(x1, y, x2, y, thickness, color, strength);
    for (const x of [x1, x2]) this.#line(x, y1, x, y2, thickness, color, strength);
  }

  /** Mixes a color in where there is ink. */
  draw(ink: Ink, { left, top }: Place, color: readonly number[]): void {
    for (let i = 0; i < ink.data.length; i++) {
      const share = (ink.data[i] ?? 0) / 255;
      if (share > 0) this.#mix(left + (i % ink.width), top + Math.floor(i / ink.width), color, share);
    }
  }

  /** Grain of a few levels on every value. */
  noise(random: PortableRandom): void {
    const deviation = random.uniform(1, 6);
    for (let i = 0; i < this.#values.length; i++) this.#values[i] = (this.#values[i] ?? 0) + random.gaussian(deviation);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#values, (value) => clamp(Math.round(value)));
  }

  #line(x1: number, y1: number, x2: number, y2: number, thickness: number, color: readonly number[], share: number) {
    const steps = Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1), 1);
    for (let i = 0; i <= steps; i++) {
      const x = Math.round(x1 + ((x2 - x1) * i) / steps);
      const y = Math.round(y1 + ((y2 - y1) * i) / steps);
      for (let dy = 0; dy < thickness; dy++) {
        for (let dx = 0; dx < thickness; dx++) this.#mix(x + dx, y + dy, color, share);
      }
    }
  }

  #mix(x: number, y: number, color: readonly number[], share: number): void {
    if (x >= this.#size || y >= this.#size) return;
    const to = (y * this.#size + x) * this.#channels;
    for (const [c, value] of color.entries()) {
      const old = this.#values[to + c] ?? 0;
      this.#values[to + c] = old + (value - old) * share;
    }
  }
}

/** The scenes of a set, one by one. Scene i depends on the seed and i only. */
export function* scenes(count: number, seed: number, options: SceneOptions): Generator<Scene> {
  for (let i = 0; i < count; i++) yield drawScene(new PortableRandom(seed, i + 1), options);
}
