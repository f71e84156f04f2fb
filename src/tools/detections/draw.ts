import { resizeAs } from "../../data/images/resize-modes.js";
import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";
import { glyphSize, glyphsOf } from "./font.js";

/** A box in pixels, and what is written at it. */
export interface LabeledBox {
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
  /** Boxes of one label have one color. */
  readonly label: number;
  readonly text: string;
}

type Color = readonly [blue: number, green: number, red: number];

/**
 * A copy of a picture with boxes and their texts on it. Lines and letters grow with the picture. What lies outside is cut off; a box
 * that has no side inside is not seen. A text stands on the upper side of its box, or below it where there is no room.
 *
 * @param image blue, green and red
 * @param boxes the first one lies on top of the others
 */
export function drawBoxes(image: Image, boxes: readonly LabeledBox[]): Image {
  const canvas = new Canvas(image);
  const short = Math.min(image.width, image.height);
  const thickness = Math.max(1, Math.round(short / 300));
  const dot = Math.max(1, Math.round(short / 400));
  for (const box of boxes.toReversed()) {
    if (![box.xmin, box.ymin, box.xmax, box.ymax].every(Number.isFinite)) continue;
    const color = colorOf(box.label);
    const [left, top] = [Math.round(box.xmin), Math.round(box.ymin)];
    // The last row and column belong to the box, so that one as large as the picture is seen on all four sides.
    const [right, bottom] = [Math.round(box.xmax), Math.round(box.ymax)];
    canvas.fill(left, top, right, top + thickness, color);
    canvas.fill(left, bottom - thickness, right, bottom, color);
    canvas.fill(left, top, left + thickness, bottom, color);
    canvas.fill(right - thickness, top, right, bottom, color);
    canvas.write(box.text, left, top, dot, color);
  }
  return canvas.image;
}

/** The picture, each pixel `factor` times as high and wide. */
export function enlarged(image: Image, factor: number): Image {
  const [width, height] = [image.width * factor, image.height * factor];
  check(width * height < 2 ** 28, "MOKA_USAGE", `a picture cannot be made ${height}×${width} pixels large`);
  return resizeAs(image, width, height, "nearest");
}

/** Colors of neighboring labels differ much: each is a golden section of the circle of hues further. */
function colorOf(label: number): Color {
  const hue = (((Math.trunc(label) * 0.618034 + 0.33) % 1) + 1) % 1;
  const channel = (shift: number) => {
    const place = (hue * 6 + shift) % 6;
    return Math.round(255 * (0.95 - 0.8 * Math.max(0, Math.min(place, 4 - place, 1))));
  };
  return [channel(1), channel(3), channel(5)];
}

class Canvas {
  readonly image: Image;

  constructor(image: Image) {
    this.image = { ...image, data: image.data.slice() };
  }

  /** Colors the pixels from (left, top) to before (right, bottom), as far as they are in the picture. */
  fill(left: number, top: number, right: number, bottom: number, [blue, green, red]: Color): void {
    const { width, height, data } = this.image;
    const [from, to] = [Math.max(left, 0), Math.min(right, width)];
    for (let y = Math.max(top, 0); y < Math.min(bottom, height); y++) {
      for (let x = from, at = 3 * (y * width + x); x < to; x++) {
        data[at++] = blue;
        data[at++] = green;
        data[at++] = red;
      }
    }
  }

  /** Writes a text on a field of this color; it is moved so that its beginning is in the picture. */
  write(text: string, left: number, boxTop: number, dot: number, color: Color): void {
    const glyphs = glyphsOf(text);
    if (glyphs.length === 0) return;
    const { width, height } = this.image;
    const fieldHeight = (glyphSize.height + 2) * dot;
    const fieldWidth = (glyphs.length * (glyphSize.width + 1) + 1) * dot;
    const x = Math.max(0, Math.min(left, width - fieldWidth));
    const above = boxTop - fieldHeight;
    const y = Math.max(0, Math.min(above >= 0 ? above : boxTop, height - fieldHeight));
    this.fill(x, y, x + fieldWidth, y + fieldHeight, color);
    const [blue, green, red] = color;
    const ink: Color = 0.114 * blue + 0.587 * green + 0.299 * red > 128 ? [0, 0, 0] : [255, 255, 255];
    for (const [i, rows] of glyphs.entries()) {
      const start = x + (i * (glyphSize.width + 1) + 1) * dot;
      if (start >= width) return;
      for (const [row, dots] of rows.entries()) {
        const to = y + (row + 1) * dot;
        for (let column = 0; column < dots.length; column++) {
          if (dots[column] !== "#") continue;
          this.fill(start + column * dot, to, start + (column + 1) * dot, to + dot, ink);
        }
      }
    }
  }
}
