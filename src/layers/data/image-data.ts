import { create } from "@bufbuild/protobuf";
import type { FloatArray } from "../../core/span.js";
import { ImagePreparer } from "../../data/annotated/prepare.js";
import { ImageListSource, parseImageList } from "../../data/sources/image-list.js";
import { ImageReader } from "../../data/sources/image-reader.js";
import type { ImageItem } from "../../data/sources/item.js";
import { ImageDataParameterSchema } from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { type ByteSource, readFrom } from "../../util/files.js";
import { Random } from "../../util/random.js";
import type { Shape } from "../../util/shape.js";
import { BatchLayer } from "./batch-layer.js";
import { logShare, rankShare } from "./rank-share.js";
import { imageForkFields, loadMean, logIgnored, newDraws, newTransformer } from "./transform.js";

/**
 * Batches of image files that a list names, with their labels; after the last image, the first follows.
 *
 * No bottoms; tops: data (batch_size, channels, height, width) and labels (batch_size). All images of a batch must have
 * one size; another batch may have another, and the net is then reshaped.
 *
 * `image_data_param`: `source` (a text file: on each line a file name, a space, a whole number), `batch_size` (1),
 * `root_folder` ("", put in front of each name as it is), `new_height` and `new_width` (0: as the files are; both or
 * neither), `is_color` (true; false for gray), `shuffle` (false; again in each pass), `rand_skip` (0: skip a random number
 * of images below this at the start). `transform_param`: `scale` (1), `mirror` (false), `crop_size` (0), `mean_file` or
 * `mean_value`, SSD's `crop_h`, `crop_w`, `resize_param` and `noise_param` as in AnnotatedData; the log names fields of other forks
 * that are ignored. `data_param.prefetch` (4): batches that are read and decoded ahead of the net.
 *
 * Several ranks share the images, which Caffe's do not, and each reads only its own. In TRAIN a rank takes every N-th of N
 * ranks, from its number on; a list that does not divide goes on with the first image. In TEST whole batches go to the ranks in
 * turn. All ranks shuffle and skip alike; each crops and mirrors by numbers of its own.
 *
 * A path in the list is relative to the working directory, else to the folder of the list, else to that of the prototxt.
 * Tabs separate too, blanks may follow a label, and blank lines are left out, with a warning: Caffe stops at each of these. A
 * label that is missing or no integer is an error; Caffe takes it for 0, or for its integer part.
 */
export class ImageDataLayer extends BatchLayer<ImageItem> {
  static readonly type = "ImageData";
  static override readonly forkFields = imageForkFields;
  override readonly topCount = 2;
  readonly #param = this.message.imageDataParam ?? create(ImageDataParameterSchema);
  protected override readonly batchSize = this.#param.batchSize;
  #preparer: ImagePreparer | undefined;
  protected override readonly sizesNeed =
    "image_data_param.new_height and new_width, transform_param.crop_size, or batch_size 1";

  /** Reads the first 64 KiB of the list, and the first image in it. */
  override async inspect(): Promise<void> {
    const { listed, reader } = await this.#openList((path) => readFrom(this.context.files, path, firstLines));
    const first = await new ImageListSource(listed, 1, reader).peek();
    this.expect(this.about(first, () => this.itemShape(first)));
  }

  /** Draws as Caffe does when it sets the layer up: with `shuffle` or `rand_skip`, the first image depends on the draws. */
  override async open(): Promise<void> {
    const { batchSize, shuffle, randSkip } = this.#param;
    const { files, log, random } = this.context;
    const { listed, reader, mean } = await this.#openList((path) => files.readText(path));
    if (shuffle) log("info", "image_data_layer.cpp:53", "Shuffling data");
    const seed = shuffle ? random.next() : undefined;
    const lines = new ImageListSource(listed, batchSize, reader, seed, rankShare(this.context, batchSize));
    log("info", "image_data_layer.cpp:63", `A total of ${listed.length} images.`);
    if (randSkip > 0) {
      const skip = random.below(randSkip);
      log("info", "image_data_layer.cpp:70", `Skipping first ${skip} data points.`);
      this.check(
        skip < listed.length,
        "MOKA_DATA",
        `image_data_param.rand_skip: ${skip} images to skip of ${listed.length}`,
      );
      lines.skip(skip);
    }
    const first = await lines.peek(); // the same on all ranks, so that their nets are alike
    await lines.enterShare();
    // Caffe makes two transformers, one after the other: the second one's generator is in use.
    this.transformer = newTransformer(this.message, this.context, mean);
    const draws = newDraws(this.context); // of Caffe's prefetching thread, which draws nothing but for SSD's fields
    this.#preparer = new ImagePreparer(this.message.transformParam, draws);
    if (this.#preparer.isActive) this.draws = draws;
    logIgnored(this.message, this.context);
    const shape = this.about(first, () => this.itemShape(first));
    this.startBatches(lines, shape, "image_data_layer.cpp:90");
    logShare(this.name, this.context, batchSize, listed.length, "images");
  }

  override assumedShapes(): readonly (Shape | undefined)[] {
    const { isColor, newHeight, newWidth } = this.#param;
    return this.assumedBatch(isColor ? 3 : 1, newHeight, newWidth);
  }

  protected override itemShape({ image }: ImageItem): Shape {
    return this.transformer?.outputShape(this.#preparer?.sizeOf(image) ?? image) ?? [];
  }

  protected override writeItem({ image }: ImageItem, output: FloatArray): number {
    this.transformer?.transform(this.#preparer?.apply(image) ?? image, output);
    return image.label;
  }

  /** The images of the list, as far as `read` reads it, a reader for them, and the mean. */
  async #openList(read: (path: string) => Promise<string>) {
    const { source, batchSize, newHeight, newWidth, isColor, rootFolder } = this.#param;
    const { files, images, log } = this.context;
    this.check(source !== "", "MOKA_FIELD", "image_data_param.source must be given");
    this.check(batchSize > 0, "MOKA_FIELD", "image_data_param.batch_size must be greater than 0");
    this.check(
      newHeight > 0 === newWidth > 0,
      "MOKA_FIELD",
      "image_data_param needs both new_height and new_width, or neither",
    );
    const mean = await loadMean(this.message, this.context);
    this.transformer = newTransformer(this.message, this.context, mean);
    this.#preparer = new ImagePreparer(this.message.transformParam, new Random(0)); // tells sizes; `open` makes the one in use
    log("info", "image_data_layer.cpp:38", `Opening file ${source}`);
    const file = sourceOf(this.message)?.file;
    const list = await files.resolve(source, file);
    const lines = parseImageList(await read(list), list);
    const listed = lines.filter((line) => line !== undefined);
    if (listed.length < lines.length) {
      const blank = `${list}: ${lines.length - listed.length} blank lines are left out, the first is line ${lines.indexOf(undefined) + 1}`;
      log("warning", "image_data_layer.cpp:38", blank);
    }
    const size = newHeight > 0 ? { width: newWidth, height: newHeight } : undefined;
    const reader = new ImageReader({ files, images, color: isColor, rootFolder, namedBy: [list, file], size });
    return { listed, reader, mean };
  }
}

/** The lines in the first 64 KiB of a list. */
function firstLines(source: ByteSource): string {
  const head = new TextDecoder().decode(source.read(0, 1 << 16));
  return source.size <= 1 << 16 ? head : head.slice(0, head.lastIndexOf("\n") + 1); // the last one may be cut
}
