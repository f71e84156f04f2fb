import { createImages } from "#platform";
import { openFiles } from "../platform/open-files.js";
import { kindOf, textFile } from "../proto/file-kind.js";
import { check, MokaError } from "../util/errors.js";
import { type FileSource, readSource, sourceName } from "../util/files.js";
import type { DecodeOptions, Image } from "../util/images.js";
import type { NdArray } from "../util/nd-array.js";
import { countOf, formatSizes } from "../util/shape.js";
import type { ImageSetOptions } from "./options.js";

/** How an image is resized. */
export interface ResizeOptions {
  /**
   * Whether an axis that becomes s > 1 times smaller is smoothed first, by a Gaussian of deviation (s − 1) / 2 pixels that is cut
   * at 4 deviations: scikit-image's `anti_aliasing`. It was off in the scikit-image of Caffe's time; since 0.15 it is on, and
   * pycaffe with that computes other inputs. For images of 1 or 3 channels, which pycaffe resizes by scikit-image. Default false.
   */
  readonly antiAliasing?: boolean | undefined;
}

export interface LoadImageOptions
  extends Pick<ImageSetOptions, "files" | "signal" | "onProgress" | "images">,
    ResizeOptions {
  /** Three channels (red, green, blue) if true, else one. Default true. */
  readonly color?: boolean | undefined;
  /** Height and width in pixels to resize to, by `resizeImage`. Default: the image's own; nothing is resampled. */
  readonly size?: readonly [height: number, width: number] | undefined;
}

/**
 * Reads an image as pycaffe's `caffe.io.load_image`: height × width × 3 numbers from 0 to 1, red first, or height ×
 * width × 1 with `color: false`. A gray image gets three equal channels. The gray value of a color image is
 * 0.2125 R + 0.7154 G + 0.0721 B, as in scikit-image; data layers compute it as OpenCV does. As in pycaffe, alpha is
 * left out and the EXIF orientation ignored.
 *
 * It does not resample, unless `size` is given. Then it interpolates linearly, as `resizeImage`; data layers resize as OpenCV
 * does, which gives other values.
 *
 * @param source the path or address of a JPEG, PNG, BMP, PBM, PGM or PPM, in Node also TIFF, WebP or GIF; its bytes, or a `Blob`
 * @throws MokaError `MOKA_FILE` if the file cannot be read, `MOKA_DATA` if it is no image
 * @example
 * ```ts
 * const image = await loadImage("cat.png");
 * console.log(image.shape); // [ 12, 16, 3 ]
 * const small = await loadImage("cat.png", { size: [6, 8], antiAliasing: true });
 * const gray = await loadImage("cat.png", { color: false });
 * ```
 */
export async function loadImage(source: FileSource, options: LoadImageOptions = {}): Promise<NdArray> {
  const { color = true, size, antiAliasing } = options;
  const image = await decodeImage(source, { color: undefined }, options);
  const { width, height, channels, data } = image;
  const depth = color ? 3 : 1;
  const values = new Float32Array(height * width * depth);
  for (let i = 0, from = 0, to = 0; i < height * width; i++, from += channels) {
    const blue = (data[from] ?? 0) / 255;
    const green = channels < 3 ? blue : (data[from + 1] ?? 0) / 255;
    const red = channels < 3 ? blue : (data[from + 2] ?? 0) / 255;
    if (color) {
      values[to++] = red;
      values[to++] = green;
      values[to++] = blue;
    } else {
      values[to++] = channels < 3 ? blue : 0.2125 * red + 0.7154 * green + 0.0721 * blue;
    }
  }
  const loaded = { shape: [height, width, depth], data: values };
  return size ? resizeImage(loaded, size, { antiAliasing }) : loaded;
}

/**
 * The pixels of an image's file, as OpenCV reads them.
 *
 * @throws MokaError `MOKA_FILE` if the file cannot be read, `MOKA_DATA` if it is no image
 */
export async function decodeImage(
  source: FileSource,
  decoding: DecodeOptions,
  options: Pick<LoadImageOptions, "files" | "signal" | "onProgress" | "images"> = {},
): Promise<Image> {
  const { images = createImages() } = options;
  const name = sourceName(source) ?? "the image";
  const bytes = await readSource(openFiles(options), source);
  return images.decode(bytes, decoding).catch((error) => {
    if (!(error instanceof MokaError)) throw error;
    const kind = kindOf(bytes) ?? textFile;
    const isOther = kind !== textFile && !/ image$/.test(kind); // a web page, say, from a server that answers with one
    const reason = isOther ? ` is ${kind}, where an image is wanted` : `: ${error.reason}`;
    throw new MokaError(error.code, name + reason, { cause: error });
  });
}

/** Checks that an array is one image, height × width × channels, and returns these sizes. */
export function checkImage({ shape, data }: NdArray): readonly [height: number, width: number, channels: number] {
  const [height = 0, width = 0, channels = 0] = shape;
  check(
    shape.length === 3 && height > 0 && width > 0 && channels > 0 && data.length === countOf(shape),
    "MOKA_SHAPE",
    `expected an image, height × width × channels, got an array of shape ${formatSizes(shape)} with ${data.length} values`,
  );
  return [height, width, channels];
}

/**
 * Resizes an image, height × width × channels, as pycaffe's `caffe.io.resize_image`: by linear interpolation, and, without
 * `antiAliasing`, without smoothing when it becomes smaller.
 *
 * Images of 1 or 3 channels: as scikit-image's `resize(…, order=1, mode="constant")` without anti-aliasing. The corners
 * of the images are aligned, and pixels beyond the edge have the image's smallest value, so an enlarged image gets
 * darker at its edges. Others: as SciPy's `zoom(…, order=1)`; the centers of the corner pixels are aligned.
 *
 * @param image height × width × channels
 * @returns a new image of the wanted height and width
 * @throws MokaError `MOKA_SHAPE` if it is no image, `MOKA_USAGE` for a size that cannot be, or `antiAliasing` with other than 1 or
 * 3 channels
 * @example
 * ```ts
 * const image = { shape: [4, 4, 1], data: Float32Array.from({ length: 16 }, (_, i) => i) };
 * console.log(resizeImage(image, [2, 2]).data.join(" ")); // 2.5 4.5 10.5 12.5
 * ```
 */
export function resizeImage(
  image: NdArray,
  [height, width]: readonly [number, number],
  { antiAliasing = false }: ResizeOptions = {},
): NdArray {
  const [oldHeight, oldWidth, channels] = checkImage(image);
  check(
    [height, width].every((size) => Number.isInteger(size) && size > 0) && height * width * channels < 2 ** 28,
    "MOKA_USAGE",
    `an image cannot be made ${height}×${width} pixels large`,
  );
  const alignsEdges = channels === 1 || channels === 3;
  const beyond = alignsEdges ? image.data.reduce((a, b) => Math.min(a, b), Infinity) : 0;
  check(
    alignsEdges || !antiAliasing,
    "MOKA_USAGE",
    `anti-aliasing is for images of 1 or 3 channels, not of ${channels}: pycaffe never smooths others`,
  );
  const rows = samplesOf(oldHeight, height, alignsEdges);
  const columns = samplesOf(oldWidth, width, alignsEdges);
  const from = antiAliasing ? smoothed(image, [height, width], beyond) : image.data;
  const data = new Float32Array(height * width * channels);
  const value = (row: number, column: number, c: number) =>
    row < 0 || row >= oldHeight || column < 0 || column >= oldWidth
      ? beyond
      : (from[(row * oldWidth + column) * channels + c] ?? 0);
  let to = 0;
  for (const { first: row, share: down } of rows) {
    for (const { first: column, share: right } of columns) {
      for (let c = 0; c < channels; c++) {
        const upper = mix(value(row, column, c), right === 0 ? 0 : value(row, column + 1, c), right);
        const lower =
          down === 0 ? 0 : mix(value(row + 1, column, c), right === 0 ? 0 : value(row + 1, column + 1, c), right);
        data[to++] = mix(upper, lower, down);
      }
    }
  }
  return { shape: [height, width, channels], data };
}

/** The source of a pixel of the result: pixel `first` with weight 1 − share, and the next one with weight share. */
interface Sample {
  readonly first: number;
  readonly share: number;
}

/** @param alignsEdges whether the edges of both images are aligned, instead of the centers of their corner pixels */
function samplesOf(from: number, to: number, alignsEdges: boolean): Sample[] {
  return Array.from({ length: to }, (_, i) => {
    const place = alignsEdges ? ((i + 0.5) * from) / to - 0.5 : (i * (from - 1)) / Math.max(1, to - 1);
    const first = Math.floor(place);
    return { first, share: place - first };
  });
}

/** The values of an image, smoothed along the axes that become smaller; pixels beyond the edge have the value `beyond`. */
function smoothed(image: NdArray, size: readonly [number, number], beyond: number): Float64Array {
  let values = Float64Array.from(image.data);
  for (const axis of [0, 1] as const) {
    const count = image.shape[axis] ?? 1;
    const sigma = Math.max(0, (count / size[axis] - 1) / 2);
    if (sigma > 0) values = smoothedAlong(values, count, countOf(image.shape, axis + 1), gaussian(sigma), beyond);
  }
  return values;
}

/** The weights from −r to r pixels, r = ⌊4σ + ½⌋, as in SciPy; their sum is 1. */
function gaussian(sigma: number): number[] {
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-(((i - radius) / sigma) ** 2) / 2));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Weighted sums along an axis of `count` values that are `stride` apart. */
function smoothedAlong(from: Float64Array, count: number, stride: number, weights: readonly number[], beyond: number) {
  const radius = (weights.length - 1) / 2;
  return Float64Array.from(from, (_, at) => {
    const place = Math.floor(at / stride) % count;
    let sum = 0;
    weights.forEach((weight, i) => {
      const to = place + i - radius;
      sum += weight * (to < 0 || to >= count ? beyond : (from[at + (i - radius) * stride] ?? 0));
    });
    return sum;
  });
}

function mix(a: number, b: number, share: number): number {
  return a * (1 - share) + b * share;
}

/**
 * Ten crops of each image, as pycaffe's `caffe.io.oversample`: the corners (top left, top right, bottom left, bottom
 * right) and the center, then the same five mirrored.
 *
 * @param images height × width × channels each
 * @param crop the height and width of each crop
 * @returns ten arrays for each image, in this order
 * @throws MokaError `MOKA_USAGE` if an image is smaller than a crop
 * @example
 * ```ts
 * const crops = oversample([await loadImage("cat.png")], [8, 8]);
 * console.log(crops.length, crops[0].shape); // 10 [ 8, 8, 3 ]
 * ```
 */
export function oversample(images: readonly NdArray[], crop: readonly [number, number]): NdArray[] {
  return images.flatMap((image) => {
    const [height, width] = checkImage(image);
    const bottom = height - crop[0];
    const right = width - crop[1];
    const corners = [0, bottom].flatMap((top) => [0, right].map((left) => cropImage(image, top, left, crop)));
    const crops = [...corners, centerCrop(image, crop)];
    return [...crops, ...crops.map(mirrored)];
  });
}

/** The center of an image; half a pixel further up or left if a difference of the sizes is odd. */
export function centerCrop(image: NdArray, crop: readonly [number, number]): NdArray {
  const [height, width] = checkImage(image);
  return cropImage(image, Math.trunc((height - crop[0]) / 2), Math.trunc((width - crop[1]) / 2), crop);
}

function cropImage(image: NdArray, top: number, left: number, [height, width]: readonly [number, number]): NdArray {
  const [oldHeight, oldWidth, channels] = checkImage(image);
  check(
    height <= oldHeight && width <= oldWidth,
    "MOKA_USAGE",
    `the image is ${oldHeight}×${oldWidth}, smaller than the part to take, ${height}×${width}`,
  );
  const data = new Float32Array(height * width * channels);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * oldWidth + left) * channels;
    data.set(image.data.subarray(start, start + width * channels), row * width * channels);
  }
  return { shape: [height, width, channels], data };
}

function mirrored({ shape, data }: NdArray): NdArray {
  const [, width = 1, channels = 1] = shape;
  const result = new Float32Array(data.length);
  for (let pixel = 0; pixel * channels < data.length; pixel++) {
    const column = pixel % width;
    const from = (pixel - column + width - 1 - column) * channels;
    result.set(data.subarray(from, from + channels), pixel * channels);
  }
  return { shape, data: result };
}
