import { create } from "@bufbuild/protobuf";
import type { FloatArray } from "../../core/span.js";
import { ImageListSource } from "../../data/sources/image-list.js";
import { ImageReader } from "../../data/sources/image-reader.js";
import type { ImageItem } from "../../data/sources/item.js";
import { DenseImageDataParameterSchema } from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { countOf, type Shape } from "../../util/shape.js";
import { BatchLayer } from "./batch-layer.js";
import { parseWords, readPair } from "./image-pairs.js";
import { logShare, rankShare } from "./rank-share.js";
import { loadMean, newDraws, newTransformer } from "./transform.js";

/**
 * Batches of image files with an image of labels for each: the class of each pixel.
 *
 * No bottoms; tops: data (batch_size, channels, height, width) and labels (batch_size, 1, height, width), the gray values of the label image
 * as they are. After the last image the first follows. All images of a batch must have one size, and each its label image the same.
 *
 * `dense_image_data_param`: `source` (a text file: on each line an image and a label image, with blanks between), `batch_size`,
 * `root_folder` ("", put in front of each name as it is), `new_height` and `new_width` (0: as the files are; both or neither; labels are
 * resized to the nearest value), `is_color` (true), `shuffle` (false; again in each pass), `rand_skip` (0), `mirror` (false: each
 * image and its labels at random), `crop_height` and `crop_width` (0: no crop; both or neither; at a random place, in TEST too, as in
 * the fork). `mean_file` is read and ignored, as in the fork. `transform_param`: `scale` (1), `mean_value` and `mean_file`, of the image
 * alone; its `mirror` and `crop_size` are errors, as in the fork, and so are SSD's `crop_h` and `crop_w`.
 *
 * Mirror and crop are drawn from a generator of the layer's own, a seed of the run's, not from the run's itself as in the fork; several
 * ranks share the images as ImageData's do.
 *
 * Source: alexgkendall's caffe-segnet. Dialects: segnet, synopsys.
 */
export class DenseImageDataLayer extends BatchLayer<ImageItem> {
  static readonly type = "DenseImageData";
  static override readonly paramField = "dense_image_data_param";
  override readonly topCount = 2;
  readonly #param = this.message.denseImageDataParam ?? create(DenseImageDataParameterSchema);
  protected override readonly batchSize = this.#param.batchSize;
  protected override readonly sizesNeed =
    "dense_image_data_param.new_height and new_width, crop_height and crop_width, or batch_size 1";
  /** The labels of the items of a batch, from `writeItem` to `writeLabels`. */
  #labels: Float32Array[] = [];

  override async inspect(): Promise<void> {
    const { listed, reader } = await this.#openList();
    const first = await new ImageListSource(listed, 1, reader).peek();
    this.expect(this.about(first, () => this.itemShape(first)));
  }

  override async open(): Promise<void> {
    const { batchSize, shuffle, randSkip, mirror } = this.#param;
    const { log, random } = this.context;
    const { listed, reader } = await this.#openList();
    if (shuffle) log("info", "dense_image_data_layer.cpp:51", "Shuffling data");
    const seed = shuffle ? random.next() : undefined;
    const lines = new ImageListSource(listed, batchSize, reader, seed, rankShare(this.context, batchSize));
    log("info", "dense_image_data_layer.cpp:56", `A total of ${listed.length} examples.`);
    if (randSkip > 0) lines.skip(random.below(randSkip));
    const first = await lines.peek(); // the same on all ranks, so that their nets are alike
    await lines.enterShare();
    if (mirror || this.#crop) this.draws = newDraws(this.context);
    this.startBatches(
      lines,
      this.about(first, () => this.itemShape(first)),
      "dense_image_data_layer.cpp:105",
    );
    logShare(this.name, this.context, batchSize, listed.length, "images");
  }

  override assumedShapes(): readonly (Shape | undefined)[] {
    const { isColor, newHeight, newWidth } = this.#param;
    const [height, width] = this.#crop ?? [newHeight, newWidth];
    if (height === 0 || width === 0) return [];
    return [
      [this.batchSize, isColor ? 3 : 1, height, width],
      [this.batchSize, 1, height, width],
    ];
  }

  protected override labelShape(): Shape {
    const [images = 0, , height = 0, width = 0] = this.dataShape;
    return [images, 1, height, width];
  }

  /** The last channel of an image is its labels. */
  protected override itemShape({ image }: ImageItem): Shape {
    const [height, width] = this.#crop ?? [image.height, image.width];
    this.check(
      image.height >= height && image.width >= width,
      "MOKA_DATA",
      `an image of ${image.height}×${image.width} is smaller than dense_image_data_param.crop_height ${height} and crop_width ${width}`,
    );
    return [image.channels - 1, height, width];
  }

  protected override writeItem({ image }: ImageItem, output: FloatArray): number {
    const [channels = 0, height = 0, width = 0] = this.itemShape({ image, what: "", isLast: false });
    const isMirrored = this.#param.mirror && this.draws?.below(2) === 1;
    const top = this.#crop ? (this.draws?.below(image.height - height + 1) ?? 0) : 0;
    const left = this.#crop ? (this.draws?.below(image.width - width + 1) ?? 0) : 0;
    const labels = new Float32Array(height * width);
    const values = new Uint8Array(channels * height * width);
    for (let row = 0, to = 0; row < height; row++) {
      for (let column = 0; column < width; column++, to++) {
        // The fork mirrors the whole image, and crops then.
        const from = left + column;
        const place = (top + row) * image.width + (isMirrored ? image.width - 1 - from : from);
        const at = place * image.channels;
        for (let c = 0; c < channels; c++) values[to * channels + c] = image.values[at + c] ?? 0;
        labels[to] = image.values[at + channels] ?? 0;
      }
    }
    this.#labels.push(labels);
    this.transformer?.transform({ channels, height, width, values, isInterleaved: true, label: 0 }, output);
    return 0;
  }

  protected override writeLabels(_: readonly number[], output: FloatArray): void {
    const size = countOf(this.labelShape(), 1);
    this.#labels.slice(-this.batchSize).forEach((labels, i) => void output.set(labels, i * size));
    this.#labels = [];
  }

  get #crop(): readonly [height: number, width: number] | undefined {
    const { cropHeight, cropWidth } = this.#param;
    return cropHeight > 0 ? [cropHeight, cropWidth] : undefined;
  }

  /** The pairs of the list, with a reader for them. */
  async #openList() {
    const { source, batchSize, newHeight, newWidth, cropHeight, cropWidth, isColor, rootFolder } = this.#param;
    const { files, images, log } = this.context;
    const { mirror = false, cropSize = 0, cropH = 0, cropW = 0 } = this.message.transformParam ?? {};
    this.check(source !== "", "MOKA_FIELD", "dense_image_data_param.source must be given");
    this.check(batchSize > 0, "MOKA_FIELD", "dense_image_data_param.batch_size must be greater than 0");
    this.check(
      newHeight > 0 === newWidth > 0 && cropHeight > 0 === cropWidth > 0,
      "MOKA_FIELD",
      "dense_image_data_param needs both new_height and new_width, or neither; so crop_height and crop_width",
    );
    this.check(
      !mirror && cropSize === 0 && cropH === 0 && cropW === 0,
      "MOKA_FIELD",
      "takes no transform_param.mirror, crop_size, crop_h and crop_w; dense_image_data_param has mirror, crop_height and crop_width",
    );
    this.transformer = newTransformer(this.message, this.context, await loadMean(this.message, this.context));
    log("info", "dense_image_data_layer.cpp:41", `Opening file ${source}`);
    const file = sourceOf(this.message)?.file;
    const list = await files.resolve(source, file);
    const isPair = (words: readonly string[]) => words.length === 2;
    const listed = parseWords(
      await files.readText(list),
      list,
      isPair,
      "an image and a label image with a blank between",
    );
    const shared = { files, images, rootFolder, namedBy: [list, file] };
    const size = newHeight > 0 ? { width: newWidth, height: newHeight } : undefined;
    const pictures = new ImageReader({ ...shared, color: isColor, size });
    const labels = new ImageReader({ ...shared, color: false });
    const read = (pair: string) => readPair(pair, pictures, labels, size);
    return { listed, reader: { read } };
  }
}
