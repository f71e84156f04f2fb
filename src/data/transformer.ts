import { create } from "@bufbuild/protobuf";
import { blobShape, blobValues } from "../proto/binary/blob.js";
import { type BlobProto, type TransformationParameter, TransformationParameterSchema } from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import type { Random, RandomState } from "../util/random.js";
import { formatShape, type Shape, sameShape } from "../util/shape.js";
import type { LabeledImage } from "./labeled-image.js";

/** What a transformer does to one image: the upper left corner of the crop, and whether it is mirrored. */
export interface Place {
  readonly isMirrored: boolean;
  readonly top: number;
  readonly left: number;
}

/**
 * Applies `transform_param` to images, as Caffe's DataTransformer does: (value − mean)·scale, cropped to `crop_size`
 * at a random place in TRAIN and in the middle in TEST, mirrored at random with `mirror`. SSD's `crop_h` and `crop_w`, both given
 * and without `crop_size`, crop what is no square.
 *
 * Random draws are `random() mod n`, in this order: mirror, then row and column of the crop.
 */
export class Transformer {
  readonly #param: TransformationParameter;
  readonly #isTraining: boolean;
  readonly #random: Random;
  /** Whether it draws random numbers; if not, the generator belongs to other code. */
  readonly #usesRandom: boolean;
  readonly #mean: { readonly shape: Shape; readonly values: Float32Array } | undefined;

  /**
   * @param random the transformer's own generator
   * @param mean the blob of `mean_file`, if there is one
   */
  constructor(
    param: TransformationParameter | undefined,
    phase: "TRAIN" | "TEST",
    random: Random,
    mean: BlobProto | undefined,
  ) {
    this.#param = param ?? create(TransformationParameterSchema);
    this.#isTraining = phase === "TRAIN";
    this.#random = random;
    this.#usesRandom = Transformer.needsRandom(param, phase);
    this.#mean = mean && { shape: blobShape(mean).slice(-3), values: blobValues(mean).data };
    check(
      !mean || this.#param.meanValue.length === 0,
      "MOKA_FIELD",
      "transform_param takes mean_file or mean_value, not both",
    );
  }

  /** Whether a transformer with these parameters draws random numbers: only then does Caffe seed a generator for it. */
  static needsRandom(param: TransformationParameter | undefined, phase: "TRAIN" | "TEST"): boolean {
    return (param?.mirror ?? false) || (phase === "TRAIN" && cropOf(param) !== undefined);
  }

  /** Channels, height and width of the result for this image. */
  outputShape({ channels, height, width }: { channels: number; height: number; width: number }): Shape {
    const crop = cropOf(this.#param);
    check(channels > 0, "MOKA_DATA", `an image of ${channels} channels`);
    if (!crop) return [channels, height, width];
    check(
      height >= crop.height && width >= crop.width,
      "MOKA_DATA",
      `an image of ${height}×${width} is smaller than transform_param.${crop.what}`,
    );
    return [channels, crop.height, crop.width];
  }

  /** Draws what `transform` does to an image of this size. */
  place(image: { channels: number; height: number; width: number }): Place {
    const [, height = 0, width = 0] = this.outputShape(image);
    const isMirrored = this.#param.mirror && this.#random.below(2) === 1;
    const [top, left] = cropOf(this.#param) ? this.#corner(image.height - height, image.width - width) : [0, 0];
    return { isMirrored, top, left };
  }

  /** Transforms a image into `output`, whose length must be the number of values of `outputShape`. */
  transform(image: LabeledImage, output: Float32Array | Float64Array, place: Place = this.place(image)): void {
    const { channels, height, width, values, isInterleaved } = image;
    const { scale } = this.#param;
    const [, outHeight = 0, outWidth = 0] = this.outputShape(image);
    const { isMirrored: mirrored, top, left } = place;
    const means = this.#meanImage(image);
    const [pixelStep, channelStep] = isInterleaved ? [channels, 1] : [1, height * width];
    const step = mirrored ? -1 : 1;
    for (let c = 0; c < channels; c++) {
      const mean = this.#meanValue(c, channels);
      for (let row = 0; row < outHeight; row++) {
        let to = (c * outHeight + row) * outWidth + (mirrored ? outWidth - 1 : 0);
        const first = (top + row) * width + left;
        let from = c * channelStep + first * pixelStep;
        for (let i = 0; i < outWidth; i++, from += pixelStep, to += step) {
          const imageMean = means ? (means[c * height * width + first + i] ?? 0) : mean;
          output[to] = Math.fround((values[from] ?? 0) - imageMean) * scale;
        }
      }
    }
  }

  /** The state of its generator; undefined if it draws no random numbers. */
  get state(): RandomState | undefined {
    return this.#usesRandom ? this.#random.state : undefined;
  }

  /** Restores a saved `state`. Throws `MOKA_PARSE` if it does not fit. */
  restore(state: RandomState | undefined): void {
    check(
      this.#usesRandom === (state !== undefined),
      "MOKA_PARSE",
      "transform_param drew other random numbers when the state was saved",
    );
    if (state) this.#random.restore(state);
  }

  #corner(rows: number, columns: number): [number, number] {
    if (!this.#isTraining) return [Math.trunc(rows / 2), Math.trunc(columns / 2)];
    const top = this.#random.below(rows + 1);
    return [top, this.#random.below(columns + 1)];
  }

  /** The mean image, if there is one; its shape must be that of this image. */
  #meanImage({ channels, height, width }: LabeledImage): Float32Array | undefined {
    if (!this.#mean) return undefined;
    const { shape, values } = this.#mean;
    check(
      sameShape(shape, [channels, height, width]),
      "MOKA_DATA",
      `transform_param.mean_file has shape ${formatShape(shape)}, the image ${formatShape([channels, height, width])}`,
    );
    return values;
  }

  #meanValue(channel: number, channels: number): number {
    const { meanValue } = this.#param;
    check(
      meanValue.length <= 1 || meanValue.length === channels,
      "MOKA_FIELD",
      `transform_param.mean_value is given ${meanValue.length} times for ${channels} channels; give one, or one each`,
    );
    return meanValue[meanValue.length === 1 ? 0 : channel] ?? 0;
  }
}

/** The size to which images are cropped, and the fields that give it. */
function cropOf(param: TransformationParameter | undefined) {
  const { cropSize = 0, cropH = 0, cropW = 0 } = param ?? {};
  if (cropSize > 0) return { height: cropSize, width: cropSize, what: `crop_size ${cropSize}` };
  const what = `crop_h ${cropH} and crop_w ${cropW}`;
  return cropH > 0 && cropW > 0 ? { height: cropH, width: cropW, what } : undefined;
}
