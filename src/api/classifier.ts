import type { Weights } from "../proto/weight-sources.js";
import { loadMean } from "../tools/arrays.js";
import { centerCrop, checkImage, type NdArray, oversample, resizeImage } from "../tools/image-array.js";
import { check } from "../util/errors.js";
import { type FileSource, isFile } from "../util/files.js";
import { countOf } from "../util/shape.js";
import { Net, type NetOptions } from "./net.js";
import type { NetSource } from "./read-text.js";
import { type MeanArray, Transformer } from "./transformer.js";

export interface ClassifierOptions extends Omit<NetOptions, "phase" | "weights" | "keep"> {
  /** Height and width in pixels that images are resized to before they are cropped. Default: those of the input. */
  readonly imageDims?: readonly [number, number] | undefined;
  /** The values to subtract, see `Transformer`; or their file, see `loadMean`. */
  readonly mean?: MeanArray | FileSource | undefined;
  readonly inputScale?: number | undefined;
  readonly rawScale?: number | undefined;
  readonly channelSwap?: readonly number[] | undefined;
}

/**
 * A net that classifies images, like pycaffe's `caffe.Classifier`. Images (height × width × channels) are resized, cropped
 * to the size of the net's input, transformed, and run through the net in batches. The prediction for an image is one
 * row of the net's first output, or, with oversampling, the mean of ten rows.
 */
export class Classifier {
  readonly net: Net;
  /** Transforms crops of images to inputs. Its settings may be changed. */
  readonly transformer: Transformer;
  readonly imageDims: readonly [number, number];
  readonly #input: string;
  readonly #cropDims: readonly [number, number];

  private constructor(net: Net, options: ClassifierOptions, mean: MeanArray | undefined) {
    const [input = ""] = net.inputs;
    const shape = net.blobs.get(input)?.shape ?? [];
    check(
      shape.length === 4,
      "MOKA_USAGE",
      net.inputs.length === 0
        ? "the net has no input: a classifier needs a net to deploy, with an Input layer"
        : `input "${input}" has shape ${shape.join(" × ")}: pictures need batch × channels × height × width`,
    );
    this.net = net;
    this.#input = input;
    this.#cropDims = [shape[2] ?? 0, shape[3] ?? 0];
    this.imageDims = options.imageDims ?? this.#cropDims;
    const transformer = new Transformer({ [input]: shape });
    transformer.setTranspose(input, [2, 0, 1]);
    if (mean) transformer.setMean(input, mean);
    if (options.inputScale !== undefined) transformer.setInputScale(input, options.inputScale);
    if (options.rawScale !== undefined) transformer.setRawScale(input, options.rawScale);
    if (options.channelSwap) transformer.setChannelSwap(input, options.channelSwap);
    this.transformer = transformer;
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
   *   rawScale: 255,
   *   channelSwap: [2, 1, 0],
   * });
   * const { shape } = await classifier.predict([await loadImage("cat.png")]);
   * console.log(shape); // [ 1, 10 ]
   * await classifier.dispose();
   * ```
   */
  static async load(model: NetSource, weights: Weights, options: ClassifierOptions = {}): Promise<Classifier> {
    const mean = isFile(options.mean) ? await loadMean(options.mean, options) : options.mean;
    const net = await Net.load(model, { ...options, phase: "TEST", weights });
    try {
      return new Classifier(net, options, mean);
    } catch (error) {
      await net.dispose();
      throw error;
    }
  }

  /** Number of channels that images must have. */
  get channels(): number {
    return this.transformer.inputs[this.#input]?.[1] ?? 0;
  }

  /**
   * The predictions for these images, images × classes.
   *
   * @param images height × width × channels each, with values from 0 to 1 if the raw scale is 255
   * @param isOversampled true (default): the mean over corners, center and their mirror images; false: only the center
   * @example
   * ```ts
   * const { data } = await classifier.predict([await loadImage("cat.png")], false);
   * const best = data.indexOf(Math.max(...data));
   * ```
   */
  async predict(images: readonly NdArray[], isOversampled = true): Promise<NdArray> {
    for (const image of images) {
      const [, , channels] = checkImage(image);
      check(
        channels === this.channels,
        "MOKA_SHAPE",
        `a picture has ${channels} channels, the net's input "${this.#input}" ${this.channels}`,
      );
    }
    const scaled = images.map((image) => resizeImage(image, this.imageDims));
    const parts = isOversampled
      ? oversample(scaled, this.#cropDims)
      : scaled.map((image) => centerCrop(image, this.#cropDims));
    const predictions = await this.#forwardAll(parts);
    return isOversampled ? averageRows(predictions, 10) : predictions;
  }

  /**
   * Frees the net.
   *
   * @example
   * ```ts
   * await classifier.dispose();
   * ```
   */
  async dispose(): Promise<void> {
    await this.net.dispose();
  }

  /** Runs the net batch by batch, the last one padded with zeros, as pycaffe's `forward_all`. */
  async #forwardAll(parts: readonly NdArray[]): Promise<NdArray> {
    const [batch = 1, ...shape] = this.transformer.inputs[this.#input] ?? [];
    const size = countOf(shape);
    const rows: Float32Array[] = [];
    for (let start = 0; start < parts.length; start += batch) {
      const chosen = parts.slice(start, start + batch);
      const input = new Float32Array(batch * size);
      chosen.forEach((part, index) => {
        input.set(this.transformer.preprocess(this.#input, part).data, index * size);
      });
      const outputs = await this.net.forward({ [this.#input]: input });
      const [name = ""] = this.net.outputs;
      const values = outputs[name] ?? new Float32Array(0);
      const rowCount = this.net.blobs.get(name)?.shape[0] ?? 0;
      check(
        rowCount === batch,
        "MOKA_SHAPE",
        `output "${name}" has ${rowCount} rows for a batch of ${batch}: it does not tell pictures apart`,
      );
      const width = values.length / batch;
      rows.push(...chosen.map((_, index) => values.slice(index * width, (index + 1) * width)));
    }
    return stackRows(rows);
  }
}

function stackRows(rows: readonly Float32Array[]): NdArray {
  const width = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, index) => void data.set(row, index * width));
  return { shape: [rows.length, width], data };
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
