import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";
import { resize } from "./resize.js";

const f32 = Math.fround;

/** The corners of a window in pixels; both are part of it. */
export interface Corners {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export interface WarpOptions {
  /** Height and width of the result in pixels. */
  readonly cropSize: number;
  /** Pixels on each side of the result that show the surroundings of the window. */
  readonly contextPad: number;
  /** Whether the window is extended to a square first. */
  readonly isSquare: boolean;
  readonly isMirrored: boolean;
}

/** A resized window, and its place in the square of `cropSize`: the part outside the image stays empty. */
export interface WarpedWindow {
  readonly image: Image;
  readonly top: number;
  readonly left: number;
}

/**
 * Crops a window from an image and warps it to a square, as R-CNN (Girshick et al. 2014) and Caffe's WindowData do:
 * in single precision, rounding halves away from zero.
 *
 * @throws MokaError MOKA_DATA if the window is not in the image
 */
export function warpWindow(image: Image, window: Corners, options: WarpOptions): WarpedWindow {
  const { cropSize, contextPad, isSquare, isMirrored } = options;
  let { x1, y1, x2, y2 } = window;
  let [width, height, left, top] = [cropSize, cropSize, 0, 0];
  if (contextPad > 0 || isSquare) {
    const wider = widen(window, options);
    // The part outside the image is cut off, and is empty in the result.
    const outside = {
      x1: Math.max(0, -wider.x1),
      y1: Math.max(0, -wider.y1),
      x2: Math.max(0, wider.x2 - image.width + 1),
      y2: Math.max(0, wider.y2 - image.height + 1),
    };
    x1 = wider.x1 + outside.x1;
    y1 = wider.y1 + outside.y1;
    x2 = wider.x2 - outside.x2;
    y2 = wider.y2 - outside.y2;
    const scaleX = f32(cropSize / (wider.x2 - wider.x1 + 1));
    const scaleY = f32(cropSize / (wider.y2 - wider.y1 + 1));
    width = scaled(x2 - x1 + 1, scaleX);
    height = scaled(y2 - y1 + 1, scaleY);
    top = scaled(outside.y1, scaleY);
    left = scaled(isMirrored ? outside.x2 : outside.x1, scaleX);
    height = Math.min(height, cropSize - top);
    width = Math.min(width, cropSize - left);
  }
  const isInside = x1 >= 0 && y1 >= 0 && x1 <= x2 && y1 <= y2 && x2 < image.width && y2 < image.height;
  check(isInside, "MOKA_DATA", `does not lie in an image of ${image.height}×${image.width}`);
  check(width > 0 && height > 0, "MOKA_DATA", "the part of it in the image is smaller than a pixel of the result");
  const warped = resize(cut(image, { x1, y1, x2, y2 }), width, height);
  return { image: isMirrored ? mirror(warped) : warped, top, left };
}

/** The window with its surroundings: warped to `cropSize`, the window itself is `contextPad` pixels from each edge. */
function widen({ x1, y1, x2, y2 }: Corners, { cropSize, contextPad, isSquare }: WarpOptions): Corners {
  const scale = f32(cropSize / (cropSize - 2 * contextPad));
  let halfHeight = f32((y2 - y1 + 1) / 2);
  let halfWidth = f32((x2 - x1 + 1) / 2);
  const centerX = f32(x1 + halfWidth);
  const centerY = f32(y1 + halfHeight);
  if (isSquare) {
    halfHeight = Math.max(halfHeight, halfWidth);
    halfWidth = halfHeight;
  }
  return {
    x1: round(f32(centerX - f32(halfWidth * scale))),
    x2: round(f32(centerX + f32(halfWidth * scale))),
    y1: round(f32(centerY - f32(halfHeight * scale))),
    y2: round(f32(centerY + f32(halfHeight * scale))),
  };
}

const scaled = (length: number, scale: number) => round(f32(length * scale));

/** Rounds halves away from zero, as C does. */
const round = (value: number) => Math.sign(value) * Math.round(Math.abs(value));

function cut({ width, channels, data }: Image, { x1, y1, x2, y2 }: Corners): Image {
  const row = (x2 - x1 + 1) * channels;
  const part = new Uint8Array((y2 - y1 + 1) * row);
  for (let y = y1; y <= y2; y++) {
    const from = (y * width + x1) * channels;
    part.set(data.subarray(from, from + row), (y - y1) * row);
  }
  return { width: x2 - x1 + 1, height: y2 - y1 + 1, channels, data: part };
}

function mirror({ width, height, channels, data }: Image): Image {
  const flipped = new Uint8Array(data.length);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const column = pixel % width;
    const to = (pixel - column + width - 1 - column) * channels;
    for (let c = 0; c < channels; c++) flipped[to + c] = data[pixel * channels + c] ?? 0;
  }
  return { width, height, channels, data: flipped };
}
