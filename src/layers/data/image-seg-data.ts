import { create, isFieldSet } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { FloatArray } from "../../core/span.js";
import type { Tensor } from "../../core/tensor.js";
import type { LabeledImage } from "../../data/labeled-image.js";
import { ImageListSource } from "../../data/sources/image-list.js";
import { ImageReader } from "../../data/sources/image-reader.js";
import type { ImageItem } from "../../data/sources/item.js";
import {
  ImageDataParameterSchema,
  ImageDataParameter_LabelType as LabelType,
  TransformationParameterSchema,
} from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { countOf, type Shape } from "../../util/shape.js";
import { BatchLayer } from "./batch-layer.js";
import { addChannel, lineOf, parseWords, readPair, resizeWithClasses, separator } from "./image-pairs.js";
import { logShare, rankShare } from "./rank-share.js";
import { newDraws } from "./transform.js";

/** The most pixels of an image after `scale_factors`. */
const mostPixels = 2 ** 28;

/**
 * Batches of image files with the class of each pixel, for semantic segmentation; images are scaled, padded and cropped at random.
 *
 * No bottoms; tops: data (batch_size, channels, height, width), if there are two labels (batch_size, 1, height, width), and if there are three
 * the size of each image (batch_size, 1, 1, 2): its height and width before `scale_factors`, at most those of data. After the last image the first
 * follows.
 *
 * `image_data_param`: `source` (a text file: on each line an image and its label, with blanks between; words after them are not read), `label_type` (IMAGE:
 * the label is a number, the class of all pixels, 0 to 255; PIXEL: a label image, whose gray values are the classes as they are; NONE: no label, all pixels
 * are `ignore_label`), `ignore_label` (255; below 0 it is 0 and above 255 it is 255, as in the fork), `batch_size` (1), `root_folder` ("", put in front of each name as it
 * is), `new_height` and `new_width` (0: as the files are; both or neither), `is_color` (true), `shuffle` (false; again in each pass), `rand_skip` (0).
 *
 * `transform_param`, in this order: `mirror` (false: at random, in TEST too), `scale_factors` (none; one of them at random, in TEST too: image · factor, linear, labels
 * the nearest value), `crop_size` or `crop_width` and `crop_height` (0: no crop): where the image is smaller, it is padded on the right and below, with the mean, and the
 * labels with `ignore_label`; a random part in TRAIN, the middle in TEST; `mean_value` (one, or one for each channel), `scale` (1): (value − mean)·scale. `mean_file` is
 * an error, as in the fork. Its other fields, and those of `image_data_param` that Caffe has deprecated, are ignored, as in the fork.
 *
 * Departures: with `new_height` the fork resizes label images as images, so that classes are mixed at their edges; here each pixel takes the nearest. Padding without
 * `mean_value` is 0; the fork reads beyond its values. A factor but 1 without a crop, for which the fork reads beyond the image, is an error. Without a crop, all images of a
 * batch must have one size; the fork reads beyond smaller ones. Random numbers are a generator's of the layer's own, whose seed is a draw of the run's; several ranks
 * share the images as ImageData's do.
 *
 * Source: Chen et al. 2015, DeepLab; PSPNet. Dialects: deeplab-v2, pspnet.
 */
export class ImageSegDataLayer extends BatchLayer<ImageItem> {
  static readonly type = "ImageSegData";
  static override readonly paramField = "image_data_param";
  static override readonly forkFields = [
    ...["transform_param.scale_factors", "transform_param.crop_width", "transform_param.crop_height"],
    ...["image_data_param.ignore_label", "image_data_param.label_type"],
  ];
  override readonly topCount = [1, 3] as const;
  readonly #param = this.message.imageDataParam ?? create(ImageDataParameterSchema);
  readonly #transform = this.message.transformParam ?? create(TransformationParameterSchema);
  readonly #ignored = Math.min(Math.max(this.#param.ignoreLabel, 0), 255);
  protected override readonly batchSize = this.#param.batchSize;
  protected override readonly sizesNeed =
    "transform_param.crop_size, image_data_param.new_height and new_width, or batch_size 1";
  /** The labels and the sizes of the last items, at most a batch of them. */
  #labels: Float32Array[] = [];
  #sizes: number[] = [];

  override async inspect(): Promise<void> {
    const { listed, reader } = await this.#openList();
    const first = await new ImageListSource(listed, 1, reader).peek();
    this.expect(this.about(first, () => this.itemShape(first)));
  }

  override async open(): Promise<void> {
    const { batchSize, shuffle, randSkip } = this.#param;
    const { log, random, phase } = this.context;
    const { listed, reader } = await this.#openList();
    if (shuffle) log("info", "image_seg_data_layer.cpp:63", "Shuffling data");
    const seed = shuffle ? random.next() : undefined;
    const lines = new ImageListSource(listed, batchSize, reader, seed, rankShare(this.context, batchSize));
    log("info", "image_seg_data_layer.cpp:68", `A total of ${listed.length} images.`);
    if (randSkip > 0) lines.skip(random.below(randSkip));
    const first = await lines.peek(); // the same on all ranks, so that their nets are alike
    await lines.enterShare();
    const { mirror, scaleFactors } = this.#transform;
    if (mirror || scaleFactors.length > 0 || (this.#crop && phase === "TRAIN")) this.draws = newDraws(this.context);
    this.startBatches(
      lines,
      this.about(first, () => this.itemShape(first)),
      "image_seg_data_layer.cpp:137",
    );
    logShare(this.name, this.context, batchSize, listed.length, "images");
  }

  override topShapes(): readonly Shape[] {
    return [...super.topShapes(), [this.batchSize, 1, 1, 2]];
  }

  override assumedShapes(): readonly (Shape | undefined)[] {
    const { isColor, newHeight, newWidth } = this.#param;
    const [height, width] = this.#crop ?? [newHeight, newWidth];
    const sizes = [this.batchSize, 1, 1, 2];
    if (height === 0 || width === 0) return [undefined, undefined, sizes];
    return [[this.batchSize, isColor ? 3 : 1, height, width], [this.batchSize, 1, height, width], sizes];
  }

  protected override labelShape(): Shape {
    const [images = 0, , height = 0, width = 0] = this.dataShape;
    return [images, 1, height, width];
  }

  /** The last channel of an image is its labels. */
  protected override itemShape({ image }: ImageItem): Shape {
    const [height, width] = this.#crop ?? [image.height, image.width];
    return [image.channels - 1, height, width];
  }

  protected override writeItem(item: ImageItem, output: FloatArray): number {
    const [channels = 0, outHeight = 0, outWidth = 0] = this.itemShape(item);
    const { meanValue, scale, mirror } = this.#transform;
    this.check(
      meanValue.length <= 1 || meanValue.length === channels,
      "MOKA_FIELD",
      `transform_param.mean_value must be given once, or for each of ${channels} channels, not ${meanValue.length} times`,
    );
    const isMirrored = mirror && this.#draw(2) === 1;
    const { height, width, values } = this.#scaled(item.image);
    // A smaller image is padded on the right and below, so that it begins at 0.
    const top = this.#offset(Math.max(height - outHeight, 0));
    const left = this.#offset(Math.max(width - outWidth, 0));
    const area = outHeight * outWidth;
    const labels = new Float32Array(area).fill(this.#ignored);
    output.fill(0); // The mean of what is padded is taken from it again.
    const means = Array.from({ length: channels }, (_, c) => meanValue[c] ?? meanValue[0] ?? 0);
    const [rows, columns] = [Math.min(outHeight, height), Math.min(outWidth, width)];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const at = ((top + row) * width + left + column) * (channels + 1);
        const to = row * outWidth + (isMirrored ? outWidth - 1 - column : column);
        for (let c = 0; c < channels; c++)
          output[c * area + to] = Math.fround((values[at + c] ?? 0) - (means[c] ?? 0)) * scale;
        labels[to] = values[at + channels] ?? 0;
      }
    }
    this.#labels = [...this.#labels, labels].slice(-this.batchSize);
    const size = [Math.min(outHeight, item.image.height), Math.min(outWidth, item.image.width)];
    this.#sizes = [...this.#sizes, ...size].slice(-2 * this.batchSize);
    return 0;
  }

  protected override writeLabels(_: readonly number[], output: FloatArray): void {
    const size = countOf(this.labelShape(), 1);
    for (const [i, labels] of this.#labels.entries()) output.set(labels, i * size);
  }

  override forward(k: Recorder, bottom: readonly Tensor[], tops: readonly Tensor[]): void {
    super.forward(k, bottom, tops);
    const [data, , sizes] = tops;
    if (!data || !sizes) return;
    const run = () => void sizes.data.array.set(this.#sizes);
    k.host("image sizes", run, { reads: [data.data], writes: [sizes.data] });
  }

  /** An image after one of `scale_factors`. */
  #scaled(image: LabeledImage): Pick<LabeledImage, "height" | "width" | "values"> {
    const { scaleFactors } = this.#transform;
    const factor = scaleFactors.length > 0 ? (scaleFactors[this.#draw(scaleFactors.length)] ?? 1) : 1;
    if (factor === 1) return image;
    const sideOf = (side: number) => Math.trunc(Math.fround(side * factor));
    const [height, width] = [sideOf(image.height), sideOf(image.width)];
    this.check(
      height > 0 && width > 0 && height * width <= mostPixels,
      "MOKA_DATA",
      `an image of ${image.height}×${image.width} cannot be scaled by transform_param.scale_factors ${factor}, to ${height}×${width}`,
    );
    const { data: values } = resizeWithClasses(image, [height, width]);
    return { height, width, values };
  }

  /** Where a part begins of which `rest` is left out: at random in TRAIN, in the middle in TEST. */
  #offset(rest: number): number {
    if (!this.#crop) return 0;
    return this.phase === "TRAIN" ? this.#draw(rest + 1) : Math.floor(rest / 2);
  }

  #draw(count: number): number {
    return this.draws?.below(count) ?? 0;
  }

  get #crop(): readonly [height: number, width: number] | undefined {
    const { cropSize, cropHeight, cropWidth } = this.#transform;
    if (cropSize > 0) return [cropSize, cropSize];
    return cropHeight > 0 ? [cropHeight, cropWidth] : undefined;
  }

  #checkParam(): void {
    const { source, batchSize, newHeight, newWidth } = this.#param;
    const { cropHeight, cropWidth, scaleFactors, meanFile } = this.#transform;
    const { cropSize } = TransformationParameterSchema.field;
    this.check(source !== "", "MOKA_FIELD", "image_data_param.source must be given");
    this.check(batchSize > 0, "MOKA_FIELD", "image_data_param.batch_size must be greater than 0");
    this.check(
      newHeight > 0 === newWidth > 0,
      "MOKA_FIELD",
      "image_data_param needs both new_height and new_width, or neither",
    );
    this.check(meanFile === "", "MOKA_FIELD", "takes no transform_param.mean_file; give mean_value");
    this.check(
      cropHeight > 0 === cropWidth > 0 && !(cropHeight > 0 && isFieldSet(this.#transform, cropSize)),
      "MOKA_FIELD",
      "transform_param needs crop_size, or both crop_height and crop_width, or none of them",
    );
    for (const factor of scaleFactors) {
      this.check(
        factor > 0 && factor < Infinity && (factor === 1 || this.#crop),
        "MOKA_FIELD",
        `transform_param.scale_factors must be greater than 0, and 1 without a crop, not ${factor}`,
      );
    }
  }

  /** The lines of the list, with a reader for them. */
  async #openList() {
    this.#checkParam();
    const { source, newHeight, newWidth, isColor, rootFolder, labelType } = this.#param;
    const { files, images, log } = this.context;
    log("info", "image_seg_data_layer.cpp:46", `Opening file ${source}`);
    const file = sourceOf(this.message)?.file;
    const list = await files.resolve(source, file);
    const { fits, expected } = lineOf[labelType];
    const listed = parseWords(await files.readText(list), list, fits, expected);
    const shared = { files, images, rootFolder, namedBy: [list, file] };
    const size = newHeight > 0 ? { width: newWidth, height: newHeight } : undefined;
    const pictures = new ImageReader({ ...shared, color: isColor, size });
    const labels = new ImageReader({ ...shared, color: false });
    const read = async (line: string) => {
      if (labelType === LabelType.PIXEL) return readPair(line, pictures, labels, size);
      const [picture = "", label] = line.split(separator);
      const value = labelType === LabelType.IMAGE ? Number(label) : this.#ignored;
      return addChannel(await pictures.read(picture), () => value);
    };
    return { listed, reader: { read } };
  }
}
