import type { Weights } from "../proto/weight-sources.js";
import { checkImage, loadImage, resizeImage } from "../tools/image-array.js";
import { check } from "../util/errors.js";
import { type FileSource, isFile, sourceName } from "../util/files.js";
import { type NdArray, slice } from "../util/nd-array.js";
import { checkOptions } from "../util/options.js";
import { ResourceOwner } from "../util/resource-owner.js";
import type { WorkOptions } from "../util/work.js";
import { ImageInput, type ImageInputOptions, meanOf } from "./image-input.js";
import { Net, type NetOptions } from "./net.js";
import type { NetSource } from "./read-text.js";
import type { MeanArray, Transformer } from "./transformer.js";

/** A part of an image in pixels: the first row and column, and the row and column after the last. */
export type Window = readonly [ymin: number, xmin: number, ymax: number, xmax: number];

export interface DetectorOptions extends Omit<NetOptions, "phase" | "weights" | "keep">, ImageInputOptions {
  /**
   * The width in pixels of the border of the net's input that shows what surrounds a window, as in R-CNN. Where it reaches beyond the
   * image, it has the mean. Default 0: windows alone.
   */
  readonly contextPad?: number | undefined;
}

/** What a net says of a window of an image. */
export interface Detection {
  readonly window: Window;
  /** The values of the net's first output for the window. */
  readonly prediction: Float32Array;
  /** The image's path or name; undefined if the image itself was given. */
  readonly filename: string | undefined;
}

/**
 * A net that classifies windows of images, like pycaffe's `caffe.Detector`. Each window is cut out, warped to the size of the
 * net's input, transformed, and run through the net in batches. The windows are given: Caffe's `detect_selective_search` runs a
 * MATLAB program to find some, which Moka does not have.
 */
export class Detector extends ResourceOwner {
  /** The net; it belongs to the detector. */
  readonly net: Net;
  /** Transforms windows to inputs. Its settings may be changed. */
  readonly transformer: Transformer;
  /** Width of the border in pixels, 0 for none. */
  readonly contextPad: number;
  readonly #input: ImageInput;
  readonly #files: DetectorOptions["files"];

  private constructor(net: Net, options: DetectorOptions, mean: MeanArray | undefined) {
    super();
    const { contextPad = 0 } = options;
    this.#input = new ImageInput(net, options, mean, "detector");
    const { height, width } = this.#input;
    check(
      Number.isInteger(contextPad) && contextPad >= 0 && (contextPad === 0 || 2 * contextPad < width),
      "MOKA_USAGE",
      `contextPad must be a whole number below half the input's width ${width}, not ${contextPad}`,
    );
    check(
      contextPad === 0 || height === width,
      "MOKA_USAGE",
      `contextPad needs a square input, as in pycaffe; "${this.#input.name}" is ${height} × ${width}`,
    );
    this.net = net;
    this.transformer = this.#input.transformer;
    this.contextPad = contextPad;
    this.#files = options.files;
  }

  /**
   * Reads a net in phase TEST with its weights.
   *
   * @param model a prototxt, as for `Net.load`
   * @param weights files or messages, as for `net.copyTrainedLayersFrom`
   * @throws MokaError `MOKA_USAGE` if its first input takes no images, or `contextPad` does not fit it
   * @example
   * ```ts
   * const detector = await Detector.load("net.prototxt", "net.caffemodel", { rawScale: 255, contextPad: 2 });
   * const found = await detector.detectWindows([["cat.jpg", [[0, 0, 100, 120], [40, 60, 200, 200]]]]);
   * for (const { window, prediction } of found) console.log(window, argmax(prediction));
   * await detector.dispose();
   * ```
   */
  static async load(model: NetSource, weights: Weights, options: DetectorOptions = {}): Promise<Detector> {
    checkOptions("Detector.load", options);
    const mean = await meanOf(options);
    const net = await Net.load(model, { ...options, phase: "TEST", weights });
    try {
      return new Detector(net, options, mean);
    } catch (error) {
      await net.dispose();
      throw error;
    }
  }

  /**
   * What the net says of these windows, in their order.
   *
   * @param imagesWindows pairs of an image, its file or height × width × channels from 0 to 1, and its windows
   * @param work its progress counts `batches`
   * @throws MokaError `MOKA_USAGE` for a window that is not in its image
   * @example
   * ```ts
   * const [{ prediction }] = await detector.detectWindows([["cat.jpg", [[0, 0, 100, 120]]]]);
   * console.log(prediction.length); // 10
   * ```
   */
  async detectWindows(
    imagesWindows: readonly (readonly [image: FileSource | NdArray, windows: readonly Window[]])[],
    work: WorkOptions = {},
  ): Promise<Detection[]> {
    const detections: Omit<Detection, "prediction">[] = [];
    const parts: NdArray[] = [];
    work.signal?.throwIfAborted();
    const color = this.transformer.inputs[this.#input.name]?.[1] !== 1;
    for (const [source, windows] of imagesWindows) {
      const filename = isFile(source) ? sourceName(source) : undefined;
      const image = isFile(source)
        ? await loadImage(source, { color, files: this.#files, signal: work.signal })
        : source;
      for (const window of windows) {
        parts.push(this.crop(image, window));
        detections.push({ window, filename });
      }
    }
    const predictions = await this.#input.predict(parts, work);
    return detections.map((detection, index) => ({ ...detection, prediction: slice(predictions, index).data.slice() }));
  }

  /**
   * A window of an image, height × width × channels. With `contextPad` it has the size of the net's input: the window with its
   * surroundings, scaled, and the mean where these are beyond the image.
   *
   * @example
   * ```ts
   * const part = detector.crop(await loadImage("cat.jpg"), [0, 0, 100, 120]);
   * console.log(part.shape); // [ 100, 120, 3 ]
   * ```
   */
  crop(image: NdArray, window: Window): NdArray {
    const [rows, columns] = checkImage(image);
    const [ymin, xmin, ymax, xmax] = window;
    const isInside = ymin >= 0 && xmin >= 0 && ymin < ymax && xmin < xmax && ymin < rows && xmin < columns;
    check(
      window.length === 4 && window.every(Number.isInteger) && isInside,
      "MOKA_USAGE",
      `the window ${window.join(", ")} (ymin, xmin, ymax, xmax) is no part of an image of ${rows} × ${columns} pixels`,
    );
    if (this.contextPad > 0) return this.#cropWithContext(image, window);
    return slice(image, [ymin, ymax], [xmin, xmax]);
  }

  /**
   * Frees the net. It cannot be used afterwards.
   *
   * @example
   * ```ts
   * await detector.dispose();
   * ```
   */
  async dispose(): Promise<void> {
    await this.net.dispose();
  }

  /** As pycaffe computes it, with its sizes that count one pixel more than the part that is cut out. */
  #cropWithContext(image: NdArray, [ymin, xmin, ymax, xmax]: Window): NdArray {
    const [rows, columns, channels] = checkImage(image);
    const size = this.#input.width;
    const scale = size / (size - 2 * this.contextPad);
    const vertical = contextOf(ymin, ymax, rows, size, scale);
    const horizontal = contextOf(xmin, xmax, columns, size, scale);
    const part = slice(image, [vertical.from, vertical.to], [horizontal.from, horizontal.to]);
    const resized = resizeImage(part, [vertical.count, horizontal.count], this.transformer.options);
    const { name } = this.#input;
    const shape = this.transformer.inputs[name]?.slice(1) ?? [];
    // The mean in the space of images: the image of an input of zeros.
    const empty = { shape, data: new Float32Array(channels * size * size) };
    const result = this.transformer.deprocess(name, empty);
    for (let row = 0; row < vertical.count; row++) {
      const line = slice(resized, row);
      result.data.set(line.data, ((vertical.pad + row) * size + horizontal.pad) * channels);
    }
    return result;
  }
}

/** Where a window with its surroundings lies along one axis: the part of the image, and its place in the input. */
function contextOf(first: number, end: number, length: number, size: number, scale: number) {
  const half = (end - first + 1) / 2;
  const center = first + half;
  const low = roundToEven(center - scale * half);
  const high = roundToEven(center + scale * half);
  const zoom = size / (high - low + 1);
  const pad = Math.round(Math.max(0, -low) * zoom);
  const from = Math.min(Math.max(low, 0), length);
  const to = Math.min(Math.max(high, 0), length);
  const count = Math.min(Math.round((to - from + 1) * zoom), size - pad);
  return { from, to, pad, count };
}

/** As NumPy's `round`: halves to the even number. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
