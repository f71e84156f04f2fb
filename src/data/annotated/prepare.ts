import type { TransformationParameter } from "../../proto/gen/caffe_pb.js";
import { check } from "../../util/errors.js";
import type { Image } from "../../util/images.js";
import type { Random } from "../../util/random.js";
import { type LabeledImage, withLabel } from "../labeled-image.js";
import { applyNoise, checkNoise } from "./noise.js";
import { applyResize, checkResize, resizedSize } from "./resize-policy.js";

interface ImageSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Resizes images and adds noise before they are transformed, as SSD's `resize_param` and `noise_param` say. */
export class ImagePreparer {
  readonly #param: TransformationParameter | undefined;
  readonly #random: Random;

  /** @throws MokaError for a `resize_param` or `noise_param` that cannot be applied */
  constructor(param: TransformationParameter | undefined, random: Random) {
    this.#param = param;
    this.#random = random;
    const [resize, ...more] = param?.resizeParam ?? [];
    check(more.length === 0, "MOKA_UNSUPPORTED", "transform_param has several resize_param: give one");
    if (resize) checkResize(resize);
    if (param?.noiseParam) checkNoise(param.noiseParam);
  }

  /** Whether anything is to be done. */
  get isActive(): boolean {
    return (this.#param?.resizeParam.length ?? 0) > 0 || this.#param?.noiseParam !== undefined;
  }

  /** The size of an image after it was prepared. */
  sizeOf({ channels, height, width }: ImageSize): ImageSize {
    const resize = this.#param?.resizeParam[0];
    return { channels, height, width, ...(resize && resizedSize(resize, { height, width })) };
  }

  /** The prepared image; it is the given one if nothing is to be done. */
  apply(given: LabeledImage): LabeledImage {
    const resize = this.#param?.resizeParam[0];
    const noise = this.#param?.noiseParam;
    if (!resize && !noise) return given;
    let image = pixelsOf(given);
    if (resize) image = applyResize(image, resize, this.#random);
    if (noise) image = applyNoise(image, noise, this.#random);
    return withLabel(image, given.label);
  }
}

/** The image as bytes, the channels of a pixel adjacent. */
export function pixelsOf({ channels, height, width, values, isInterleaved }: LabeledImage): Image {
  check(
    values instanceof Uint8Array,
    "MOKA_UNSUPPORTED",
    "the record has float values: images are resized, distorted, expanded and sampled from bytes only",
  );
  if (isInterleaved || channels === 1) return { channels, height, width, data: values };
  const size = height * width;
  const data = new Uint8Array(values.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0, to = c; i < size; i++, to += channels) data[to] = values[c * size + i] ?? 0;
  }
  return { channels, height, width, data };
}
