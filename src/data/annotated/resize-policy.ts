import {
  ResizeParameter_Interp_mode as Interp,
  ResizeParameter_Pad_mode as Pad,
  ResizeParameter_Resize_mode as Resize,
  type ResizeParameter,
} from "../../proto/gen/caffe_pb.js";
import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";
import type { Random } from "../../util/random.js";
import { type Interpolation, resizeAs } from "../images/resize-modes.js";
import type { Box } from "./boxes.js";
import { drawUniform } from "./distort.js";

const f32 = Math.fround;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Throws MOKA_FIELD if a `resize_param` gives no size. */
export function checkResize({ width, height }: ResizeParameter): void {
  const isGiven = width > 0 && height > 0;
  check(isGiven, "MOKA_FIELD", `resize_param needs height and width greater than 0; has ${height} and ${width}`);
}

/** The size of an image after it was resized. */
export function resizedSize(param: ResizeParameter, from: Size): Size {
  const { width, height } = param;
  if (param.resizeMode !== Resize.FIT_SMALL_SIZE) return { width, height };
  const aspect = f32(from.width / from.height);
  return aspect < f32(width / height)
    ? { width, height: Math.trunc(f32(width / aspect)) }
    : { width: Math.trunc(f32(aspect * height)), height };
}

const interpolations: Readonly<Record<Interp, Interpolation>> = {
  [Interp.LINEAR]: "linear",
  [Interp.AREA]: "area",
  [Interp.NEAREST]: "nearest",
  [Interp.CUBIC]: "cubic",
  [Interp.LANCZOS4]: "lanczos4",
};

/**
 * Resizes an image: to the size given (WARP); so that it covers that size (FIT_SMALL_SIZE); or so that it fits into it, in the
 * middle, with pixels of `pad_mode` around it (FIT_LARGE_SIZE_AND_PAD). One of the interpolations is drawn at random.
 */
export function applyResize(image: Image, param: ResizeParameter, random: Random): Image {
  const interpolation = drawInterpolation(param.interpMode, random);
  const { width, height } = resizedSize(param, image);
  if (param.resizeMode !== Resize.FIT_LARGE_SIZE_AND_PAD) return resizeAs(image, width, height, interpolation);
  const aspect = f32(image.width / image.height);
  const isWide = aspect > f32(width / height);
  const inner = isWide
    ? { width, height: Math.floor(f32(width / aspect)) }
    : { width: Math.floor(f32(aspect * height)), height };
  const resized = resizeAs(image, inner.width, inner.height, interpolation);
  const [left, top] = [Math.floor((width - inner.width) / 2), Math.floor((height - inner.height) / 2)];
  return pad(resized, { width, height }, left, top, param);
}

function drawInterpolation(modes: readonly Interp[], random: Random): Interpolation {
  if (modes.length === 0) return "linear";
  const share = f32(1 / modes.length);
  const limits: number[] = [];
  for (const _ of modes) limits.push(f32((limits.at(-1) ?? 0) + share));
  const drawn = drawUniform(random, 0, limits.at(-1) ?? 1);
  const mode = modes[limits.findIndex((limit) => limit >= drawn)] ?? Interp.LINEAR;
  return interpolations[mode];
}

/** Puts an image into a larger one. */
function pad(image: Image, size: Size, left: number, top: number, { padMode, padValue }: ResizeParameter): Image {
  const { channels } = image;
  check(
    padValue.length <= 1 || padValue.length === channels,
    "MOKA_FIELD",
    `resize_param.pad_value is given ${padValue.length} times for ${channels} channels; give one, or one each`,
  );
  const constants = Array.from({ length: channels }, (_, c) => padValue[padValue.length === 1 ? 0 : c] ?? 0);
  const values = Uint8ClampedArray.from(constants); // rounds halves to even
  const columns = placesOf(size.width, left, image.width, padMode);
  const rows = placesOf(size.height, top, image.height, padMode);
  const data = new Uint8Array(size.width * size.height * channels);
  let to = 0;
  for (const y of rows) {
    for (const x of columns) {
      const from = (y * image.width + x) * channels;
      for (let c = 0; c < channels; c++) data[to++] = (x < 0 || y < 0 ? values[c] : image.data[from + c]) ?? 0;
    }
  }
  return { ...size, channels, data };
}

/** For each place of the larger side the place in the smaller one; −1 for the constant. */
function placesOf(count: number, before: number, length: number, mode: Pad): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => {
    let place = i - before;
    if (place >= 0 && place < length) return place;
    if (mode === Pad.CONSTANT) return -1;
    if (mode === Pad.REPEAT_NEAREST || length === 1) return Math.max(0, Math.min(place, length - 1));
    while (place < 0 || place >= length) place = place < 0 ? -place : 2 * length - 2 - place;
    return place;
  });
}

/** The box of an object after its image, of this size before, was resized; in units of the image. */
export function resizeBox<B extends Box>(param: ResizeParameter, from: Size, box: B): B {
  let [width, height] = [param.width, param.height];
  const aspect = f32(from.width / from.height);
  const newAspect = f32(width / height);
  let [padX, padY] = [0, 0];
  if (param.resizeMode === Resize.FIT_SMALL_SIZE) {
    if (aspect < newAspect) height = f32(width / aspect);
    else width = f32(aspect * height);
  } else if (param.resizeMode === Resize.FIT_LARGE_SIZE_AND_PAD) {
    if (aspect > newAspect) padY = f32(f32(height - f32(width / aspect)) / 2);
    else padX = f32(f32(width - f32(aspect * height)) / 2);
  }
  const x = axis(from.width, width, padX);
  const y = axis(from.height, height, padY);
  return { ...box, xmin: x.least(box.xmin), ymin: y.least(box.ymin), xmax: x.most(box.xmax), ymax: y.most(box.ymax) };
}

/** What becomes of the lower and the upper edge of a box along one axis. */
function axis(from: number, to: number, padding: number) {
  const inner = f32(to - f32(2 * padding));
  const place = (edge: number) => f32(f32(f32(edge * from) * inner) / from);
  return {
    least: (edge: number) => f32(f32(padding + Math.max(0, place(edge))) / to),
    most: (edge: number) => f32(f32(padding + Math.min(to, place(edge))) / to),
  };
}

/**
 * With FIT_SMALL_SIZE, `height_scale` and `width_scale`: the box in units of that size instead of those of the crop, so that
 * boxes of crops of different sizes compare.
 */
export function extrapolateBox<B extends Box>(param: ResizeParameter, from: Size, crop: Box, box: B): B {
  const { heightScale, widthScale } = param;
  if (heightScale === 0 || widthScale === 0 || param.resizeMode !== Resize.FIT_SMALL_SIZE) return box;
  let [width, height] = [param.width, param.height];
  const aspect = f32(from.width / from.height);
  if (aspect < f32(width / height)) height = f32(width / aspect);
  else width = f32(height * aspect);
  const cropHeight = f32(height * f32(crop.ymax - crop.ymin));
  const cropWidth = f32(width * f32(crop.xmax - crop.xmin));
  check(
    cropWidth >= widthScale && cropHeight >= heightScale,
    "MOKA_FIELD",
    `resize_param: height_scale ${heightScale} and width_scale ${widthScale} for a crop of ${cropHeight}×${cropWidth}`,
  );
  const [x, y] = [
    (edge: number) => f32(f32(edge * cropWidth) / widthScale),
    (edge: number) => f32(f32(edge * cropHeight) / heightScale),
  ];
  return { ...box, xmin: x(box.xmin), ymin: y(box.ymin), xmax: x(box.xmax), ymax: y(box.ymax) };
}
