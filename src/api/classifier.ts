import type { FilesOptions } from "../platform/open-files.js";
import type { Weights } from "../proto/weight-sources.js";
import { centerCrop, oversample, resizeImage } from "../tools/image-array.js";
import type { NdArray } from "../util/nd-array.js";
import { checkOptions } from "../util/options.js";
import { ResourceOwner } from "../util/resource-owner.js";
import type { WorkOptions } from "../util/work.js";
import { ImageInput, type ImageInputOptions, meanOf } from "./image-input.js";
import { Net, type NetOptions } from "./net.js";
import type { NetSource } from "./read-text.js";
import type { MeanArray, Transformer } from "./transformer.js";

/** How images become the input of a classifier's net. */
export interface ClassifierInput extends ImageInputOptions, FilesOptions {
  /** Height and width in pixels that images are resized to before they are cropped. Default: those of the input. */
  readonly imageDims?: readonly [number, number] | undefined;
}

export interface ClassifierOptions extends Omit<NetOptions, "phase" | "weights" | "keep">, ClassifierInput {}

/**
 * A net that classifies images, like pycaffe's `caffe.Classifier`. Images (height × width × channels) are resized, cropped
 * to the size of the net's input, transformed, and run through the net in batches. The prediction for an image is one
 * row of the net's first output, or, with oversampling, the mean of ten rows.
 */
export class Classifier extends ResourceOwner {
  /** The net; it belongs to the classifier. */
  readonly net: Net;
  /** Transforms crops of images to inputs. Its settings may be changed. */
  readonly transformer: Transformer;
  /** Height and width in pixels that images are resized to. */
  readonly imageDims: readonly [number, number];
  readonly #input: ImageInput;

  private constructor(net: Net, options: ClassifierInput, mean: MeanArray | undefined) {
    super();
    this.#input = new ImageInput(net, options, mean, "classifier");
    this.net = net;
    this.transformer = this.#input.transformer;
    this.imageDims = options.imageDims ?? this.#cropDims;
  }

  /**
   * Reads a net in phase TEST with its weights.
   *
   * @param model a prototxt, as for `Net.load`
   * @param weights files or messages, as for `net.copyTrainedLayersFrom`
   * @example
   * ```ts
   * const classifier = await Classifier.load("net.prototxt", "net.caffemodel", {
   *   mean: "mean.binaryproto",
   *   imageDims: [256, 256],
   *   rawScale: 255,
   *   channelSwap: [2, 1, 0],
   * });
   * const predictions = await classifier.predict([await loadImage("cat.jpg")]);
   * console.log(predictions.shape); // [ 1, 10 ]
   * const classes = argmax(predictions, 1).data; // of each image
   * await classifier.dispose();
   * ```
   */
  static async load(model: NetSource, weights: Weights, options: ClassifierOptions = {}): Promise<Classifier> {
    checkOptions("Classifier.load", options);
    return Classifier.on(await Net.load(model, { ...options, phase: "TEST", weights }), options);
  }

  /**
   * A classifier with a net that is there already. The net then belongs to the classifier; if there is none because of an error, it is
   * disposed of.
   *
   * @example
   * ```ts
   * const net = await Net.load("net.prototxt", { weights: "net.caffemodel", keep: "outputs" });
   * const classifier = await Classifier.on(net, { rawScale: 255 });
   * ```
   */
  static async on(net: Net, options: ClassifierInput = {}): Promise<Classifier> {
    try {
      return new Classifier(net, options, await meanOf(options));
    } catch (error) {
      await net.dispose();
      throw error;
    }
  }

  /** Number of channels that images must have. */
  get channels(): number {
    return this.transformer.inputs[this.#input.name]?.[1] ?? 0;
  }

  get #cropDims(): readonly [number, number] {
    return [this.#input.height, this.#input.width];
  }

  /**
   * The predictions for these images, images × classes.
   *
   * @param images height × width × channels each, with values from 0 to 1 if the raw scale is 255
   * @param isOversampled true (default): the mean over corners, center and their mirror images; false: only the center
   * @param work its progress counts `batches`
   * @example
   * ```ts
   * const { data } = await classifier.predict([await loadImage("cat.png")], false);
   * const best = data.indexOf(Math.max(...data));
   * ```
   */
  async predict(images: readonly NdArray[], isOversampled = true, work: WorkOptions = {}): Promise<NdArray> {
    work.signal?.throwIfAborted();
    const scaled = images.map((image) => resizeImage(image, this.imageDims, this.transformer.options));
    const parts = isOversampled
      ? oversample(scaled, this.#cropDims)
      : scaled.map((image) => centerCrop(image, this.#cropDims));
    const predictions = await this.#input.predict(parts, work);
    return isOversampled ? averageRows(predictions, 10) : predictions;
  }

  /**
   * Frees the net. It cannot be used afterwards.
   *
   * @example
   * ```ts
   * await classifier.dispose();
   * ```
   */
  async dispose(): Promise<void> {
    await this.net.dispose();
  }
}

/** The means of each `count` consecutive rows. */
function averageRows({ shape, data }: NdArray, count: number): NdArray {
  const [rows = 0, width = 0] = shape;
  const means = new Float32Array((rows / count) * width);
  for (let i = 0; i < means.length; i++) {
    const start = Math.floor(i / width) * count * width + (i % width);
    let sum = 0;
    for (let row = 0; row < count; row++) sum += data[start + row * width] ?? 0;
    means[i] = sum / count;
  }
  return { shape: [rows / count, width], data: means };
}
