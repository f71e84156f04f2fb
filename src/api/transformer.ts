import { type ResizeOptions, resizeImage } from "../tools/image-array.js";
import { check, MokaError } from "../util/errors.js";
import { type NdArray, transposed } from "../util/nd-array.js";
import { countOf, type Shape, sameShape } from "../util/shape.js";

/** Values to subtract: one per channel, one per pixel (height × width), or both (channels × height × width). */
export interface MeanArray {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/** The settings of one input. */
interface Settings {
  transpose?: readonly number[];
  channelSwap?: readonly number[];
  rawScale?: number;
  mean?: { readonly shape: Shape; readonly data: Float64Array };
  inputScale?: number;
}

/**
 * Prepares images for a net, as pycaffe's `caffe.io.Transformer`, in the same order and precision: resize to the
 * input's height and width; transpose; reorder channels; multiply by the raw scale; subtract the mean; multiply by the
 * input scale. Each step except the first is skipped until it is set.
 *
 * Differences from pycaffe: `preprocess` never changes its argument; `deprocess` drops only the batch axis, not
 * every axis of size 1, so that it works for gray images.
 *
 * @example
 * ```ts
 * const transformer = new Transformer({ data: [1, 3, 8, 8] });
 * transformer.setTranspose("data", [2, 0, 1]);
 * transformer.setRawScale("data", 255);
 * const { shape, data } = transformer.preprocess("data", await loadImage("cat.png"));
 * console.log(shape); // [ 3, 8, 8 ]
 * await net.forward({ data });
 * ```
 */
export class Transformer {
  /** The shape of each input blob, with its batch. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** How images and means are resized. */
  readonly options: ResizeOptions;
  readonly #settings = new Map<string, Settings>();

  /** @param inputs the shape of each input blob, with its batch: `{ data: [1, 3, 227, 227] }` */
  constructor(inputs: Readonly<Record<string, Shape>>, options: ResizeOptions = {}) {
    this.inputs = inputs;
    this.options = options;
  }

  /**
   * Sets the order of an image's axes in the blob: `[2, 0, 1]` converts height × width × channels to channels ×
   * height × width. As in NumPy, axis `i` of the result is axis `order[i]` of the image.
   *
   * @example
   * ```ts
   * transformer.setTranspose("data", [2, 0, 1]);
   * ```
   */
  setTranspose(input: string, order: readonly number[]): void {
    const axes = this.#shape(input).length - 1;
    check(
      order.length === axes && [...order].sort((a, b) => a - b).every((axis, i) => axis === i),
      "MOKA_USAGE",
      `transpose ${order.join(",")} is not an order of the ${axes} axes of an image for input "${input}"`,
    );
    this.#settingsOf(input).transpose = [...order];
  }

  /**
   * Sets the order of channels after the transposition: `[2, 1, 0]` converts RGB to BGR.
   *
   * @example
   * ```ts
   * transformer.setChannelSwap("data", [2, 1, 0]);
   * ```
   */
  setChannelSwap(input: string, order: readonly number[]): void {
    const channels = this.#shape(input)[1] ?? 0;
    check(
      order.length === channels && order.every((c) => Number.isInteger(c) && c >= 0 && c < channels),
      "MOKA_USAGE",
      `channel swap ${order.join(",")} does not fit the ${channels} channels of input "${input}"`,
    );
    this.#settingsOf(input).channelSwap = [...order];
  }

  /**
   * Sets the multiplier before the mean is subtracted: 255 for models of images with values from 0 to 255.
   *
   * @example
   * ```ts
   * transformer.setRawScale("data", 255);
   * ```
   */
  setRawScale(input: string, scale: number): void {
    this.#settingsOf(input).rawScale = scale;
  }

  /**
   * Sets the values to subtract: one per channel, or an array of height × width or channels × height × width, which is
   * resized to the input's size if it has another.
   *
   * @example
   * ```ts
   * transformer.setMean("data", await loadMean("mean.binaryproto"));
   * transformer.setMean("data", { shape: [3], data: [104, 117, 123] }); // blue, green, red
   * ```
   */
  setMean(input: string, mean: MeanArray): void {
    const [, channels = 1, height = 1, width = 1] = this.#shape(input);
    const { shape, data } = mean;
    check(
      data.length === countOf(shape) && shape.length >= 1 && shape.length <= 3,
      "MOKA_SHAPE",
      `a mean of shape ${shape.join(" × ")}, where 1, 2 or 3 axes are possible`,
    );
    const isPerChannel = shape.length === 1;
    const [depth = 1, ...size] = isPerChannel ? [...shape, 1, 1] : shape.length === 2 ? [1, ...shape] : shape;
    const isKnownDepth = depth === channels || (depth === 1 && !isPerChannel);
    check(isKnownDepth, "MOKA_SHAPE", `the mean has ${depth} channels, input "${input}" has ${channels}`);
    const fits = isPerChannel || sameShape(size, [height, width]);
    const image = { shape: [depth, ...size], data: Float64Array.from(data) };
    this.#settingsOf(input).mean = fits ? image : resizedMean(image, height, width, this.options);
  }

  /**
   * Sets the multiplier after the mean is subtracted.
   *
   * @example
   * ```ts
   * transformer.setInputScale("data", 0.017);
   * ```
   */
  setInputScale(input: string, scale: number): void {
    this.#settingsOf(input).inputScale = scale;
  }

  /**
   * Prepares one image.
   *
   * @param image height × width × channels
   * @returns the net's input, channels × height × width (in the order of `setTranspose`)
   * @example
   * ```ts
   * const { data } = transformer.preprocess("data", await loadImage("cat.png"));
   * ```
   */
  preprocess(input: string, image: NdArray): NdArray {
    const [height = 1, width = 1] = this.#shape(input).slice(2);
    const { transpose, channelSwap, rawScale, mean, inputScale } = this.#settingsOf(input);
    const hasInputSize = image.shape[0] === height && image.shape[1] === width;
    const sized = hasInputSize
      ? { ...image, data: image.data.slice() }
      : resizeImage(image, [height, width], this.options);
    const ordered = transpose ? transposed(sized, transpose) : sized;
    const swapped = channelSwap ? takeChannels(ordered, channelSwap) : ordered;
    const { data } = swapped;
    if (rawScale !== undefined) multiply(data, rawScale);
    if (mean) addMean(swapped, mean, -1);
    if (inputScale !== undefined) multiply(data, inputScale);
    return swapped;
  }

  /**
   * The inverse of `preprocess`: an image, height × width × channels, from a net's input; it is not resized.
   *
   * @example
   * ```ts
   * const { shape, data } = net.blobs.get("data");
   * const image = transformer.deprocess("data", { shape: shape.slice(1), data });
   * console.log(image.shape); // [ 8, 8, 3 ]
   * ```
   */
  deprocess(input: string, blob: NdArray): NdArray {
    const axes = this.#shape(input).length - 1;
    const { transpose, channelSwap, rawScale, mean, inputScale } = this.#settingsOf(input);
    const shape = blob.shape.length === axes + 1 && blob.shape[0] === 1 ? blob.shape.slice(1) : blob.shape;
    const image = { shape, data: blob.data.slice() };
    if (inputScale !== undefined) divide(image.data, inputScale);
    if (mean) addMean(image, mean, 1);
    if (rawScale !== undefined) divide(image.data, rawScale);
    const unswapped = channelSwap ? takeChannels(image, inverse(channelSwap)) : image;
    return transpose ? transposed(unswapped, inverse(transpose)) : unswapped;
  }

  #shape(input: string): Shape {
    const shape = this.inputs[input];
    if (shape) return shape;
    const known = Object.keys(this.inputs).join(", ");
    throw new MokaError("MOKA_USAGE", `"${input}" is not one of the net's inputs: ${known}`);
  }

  #settingsOf(input: string): Settings {
    this.#shape(input);
    const settings = this.#settings.get(input) ?? {};
    this.#settings.set(input, settings);
    return settings;
  }
}

/** Resizes a mean as pycaffe does: it is scaled to 0 … 1 first, because its resizing requires that range. */
function resizedMean(
  mean: { readonly shape: Shape; readonly data: Float64Array },
  height: number,
  width: number,
  options: ResizeOptions,
) {
  const low = mean.data.reduce((a, b) => Math.min(a, b), Infinity);
  const range = mean.data.reduce((a, b) => Math.max(a, b), -Infinity) - low;
  const data = Float32Array.from(mean.data, (value) => (range === 0 ? 0 : (value - low) / range));
  const image = transposed({ shape: mean.shape, data }, [1, 2, 0]);
  const resized = transposed(resizeImage(image, [height, width], options), [2, 0, 1]);
  return { shape: resized.shape, data: Float64Array.from(resized.data, (value) => value * range + low) };
}

/** The channels, which are the first axis, in this order. */
function takeChannels({ shape, data }: NdArray, order: readonly number[]): NdArray {
  const size = countOf(shape, 1);
  check(
    order.every((index) => index < (shape[0] ?? 0)),
    "MOKA_SHAPE",
    `channel swap ${order.join(",")} needs ${order.length} channels, the image has ${shape[0]}`,
  );
  const result = new Float32Array(order.length * size);
  order.forEach((from, to) => void result.set(data.subarray(from * size, (from + 1) * size), to * size));
  return { shape: [order.length, ...shape.slice(1)], data: result };
}

/** Adds `sign` times the mean to each value; the mean is broadcast over axes in which it has size 1. */
function addMean({ shape, data }: NdArray, mean: { readonly shape: Shape; readonly data: Float64Array }, sign: 1 | -1) {
  const [channels = 1, height = 1, width = 1] = shape;
  const [depth = 1, rows = 1, columns = 1] = mean.shape;
  const fits = (size: number, own: number) => own === size || own === 1;
  check(
    shape.length === 3 && fits(channels, depth) && fits(height, rows) && fits(width, columns),
    "MOKA_SHAPE",
    `the mean of shape ${mean.shape.join(" × ")} does not fit an image of ${shape.join(" × ")}`,
  );
  let i = 0;
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < height; row++) {
      const start = ((depth === 1 ? 0 : c) * rows + (rows === 1 ? 0 : row)) * columns;
      for (let column = 0; column < width; column++, i++) {
        data[i] = (data[i] ?? 0) + sign * (mean.data[start + (columns === 1 ? 0 : column)] ?? 0);
      }
    }
  }
}

/** Multiplies in single precision, as NumPy does for a float32 array and a number. */
function multiply(data: Float32Array, scale: number): void {
  const multiplier = Math.fround(scale);
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) * multiplier;
}

function divide(data: Float32Array, scale: number): void {
  const divisor = Math.fround(scale);
  for (let i = 0; i < data.length; i++) data[i] = (data[i] ?? 0) / divisor;
}

/** The inverse of an order of axes or channels, as NumPy's `argsort`. */
function inverse(order: readonly number[]): number[] {
  return order.map((_, index) => index).sort((a, b) => (order[a] ?? 0) - (order[b] ?? 0));
}
