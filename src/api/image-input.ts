import type { FilesOptions } from "../platform/open-files.js";
import { loadMean } from "../tools/arrays.js";
import { checkImage } from "../tools/image-array.js";
import { check } from "../util/errors.js";
import { type FileSource, isFile } from "../util/files.js";
import { type NdArray, reshape } from "../util/nd-array.js";
import { countOf, type Shape } from "../util/shape.js";
import type { WorkOptions } from "../util/work.js";
import type { Net } from "./net.js";
import { type MeanArray, Transformer } from "./transformer.js";

/** How images become a net's input, as the keyword arguments of pycaffe's `Classifier` and `Detector`. */
export interface ImageInputOptions {
  /** The values to subtract, see `Transformer`; or their file, see `loadMean`. */
  readonly mean?: MeanArray | FileSource | undefined;
  /** The multiplier after the mean is subtracted. */
  readonly inputScale?: number | undefined;
  /** The multiplier before the mean is subtracted: 255 for models of images with values from 0 to 255. */
  readonly rawScale?: number | undefined;
  /** The order of the channels: `[2, 1, 0]` for models of images in blue, green, red. */
  readonly channelSwap?: readonly number[] | undefined;
  /** Whether images are smoothed before they become smaller; see `resizeImage`. Default false. */
  readonly antiAliasing?: boolean | undefined;
}

/** The mean of these options, read if it is a file. */
export async function meanOf(options: ImageInputOptions & FilesOptions): Promise<MeanArray | undefined> {
  return isFile(options.mean) ? loadMean(options.mean, options) : options.mean;
}

/** The input of a net that takes images, with the transformer for it. */
export class ImageInput {
  readonly net: Net;
  /** The name of the input. */
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly transformer: Transformer;

  /** @param user the class that needs it, for the error */
  constructor(net: Net, options: ImageInputOptions, mean: MeanArray | undefined, user: string) {
    const [name = ""] = net.inputs;
    const shape: Shape = net.blobs.get(name)?.shape ?? [];
    check(
      shape.length === 4,
      "MOKA_USAGE",
      net.inputs.length === 0
        ? `the net has no input: a ${user} needs a net to deploy, with an Input layer`
        : `input "${name}" has shape ${shape.join(" × ")}: images need batch × channels × height × width`,
    );
    const [, , height = 0, width = 0] = shape;
    this.net = net;
    this.name = name;
    this.height = height;
    this.width = width;
    const transformer = new Transformer({ [name]: shape }, { antiAliasing: options.antiAliasing });
    transformer.setTranspose(name, [2, 0, 1]);
    if (mean) transformer.setMean(name, mean);
    if (options.inputScale !== undefined) transformer.setInputScale(name, options.inputScale);
    if (options.rawScale !== undefined) transformer.setRawScale(name, options.rawScale);
    if (options.channelSwap) transformer.setChannelSwap(name, options.channelSwap);
    this.transformer = transformer;
  }

  /** What the net's first output has for these images, images × values. They are transformed, and run in batches. */
  async predict(images: readonly NdArray[], { signal, onProgress }: WorkOptions): Promise<NdArray> {
    const [output = ""] = this.net.outputs;
    if (images.length === 0) return { shape: [0, countOf(this.#shapeOf(output), 1)], data: new Float32Array(0) };
    const size = countOf(this.#shapeOf(this.name), 1);
    const [, wanted] = this.#shapeOf(this.name);
    const rows = new Float32Array(images.length * size);
    for (const [index, image] of images.entries()) {
      const [, , channels] = checkImage(image);
      check(
        channels === wanted,
        "MOKA_SHAPE",
        `an image has ${channels} channels, the net's input "${this.name}" ${wanted}`,
      );
      rows.set(this.transformer.preprocess(this.name, image).data, index * size);
    }
    const { [output]: found } = await this.net.forwardAll({ [this.name]: rows }, { signal, onProgress });
    check(found, "MOKA_USAGE", "the net has no output");
    return reshape(found.data, [images.length, -1]);
  }

  #shapeOf(blob: string): Shape {
    return this.net.blobs.get(blob)?.shape ?? [];
  }
}
