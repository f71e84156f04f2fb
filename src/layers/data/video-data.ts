import { create } from "@bufbuild/protobuf";
import type { FloatArray } from "../../core/span.js";
import { resize } from "../../data/images/resize.js";
import type { LabeledImage } from "../../data/labeled-image.js";
import { parseImageList } from "../../data/sources/image-list.js";
import type { ImageItem } from "../../data/sources/item.js";
import { checkVideos, type FrameChoice, VideoSource } from "../../data/sources/video-frames.js";
import type { Place, Transformer } from "../../data/transformer.js";
import {
  VideoDataParameter_Modality as Modality,
  TransformationParameterSchema,
  VideoDataParameterSchema,
} from "../../proto/gen/caffe_pb.js";
import { copyMessage, sourceOf } from "../../proto/source.js";
import { Random } from "../../util/random.js";
import type { Shape } from "../../util/shape.js";
import { BatchLayer } from "./batch-layer.js";
import { logShare, rankShare } from "./rank-share.js";
import { imageForkFields, loadMean, logIgnored, newDraws, newTransformer } from "./transform.js";
import { cornersOf, cropsOf } from "./video-crops.js";

/**
 * Batches of videos, some frames of each, with their labels: for temporal segment networks.
 *
 * No bottoms; tops: data (batch_size, C, height, width) and labels (batch_size). A video is a folder with a file for each frame. It is cut into
 * `num_segments` parts of equal length, and of each part `new_length` consecutive frames are taken: in TRAIN from a place drawn at random, in
 * TEST from its middle. Of a video that is too short the first frames are taken, for each part. The channels of all frames follow each other:
 * blue, green, red with RGB, x and y of the flow with FLOW.
 *
 * `video_data_param`: `source` (a text file: on each line a folder, the number of its frames, a label), `batch_size`, `new_length` (1),
 * `num_segments` (1), `modality` (FLOW), `name_pattern` (`image_%04d.jpg`, or `flow_%c_%04d.jpg` with x and y for `%c`; frames count from 1),
 * `new_height` and `new_width` (0: as the files are; both or neither), `grayscale` (false), `shuffle` (false; again in each pass). Its other fields are
 * not read, as in the fork. `transform_param`: `scale`, `mirror`, `crop_size`, `mean_file` or `mean_value` (one, or a group that is repeated for all
 * frames), `is_flow` (mirrored x flow is 255 − x), and in TRAIN `multi_scale` (the crop has two of the `scale_ratios` of the shorter side, at most
 * `max_distort` places apart in their list, and is resized to `crop_size`), `fix_crop` (it lies in a corner or in the middle) and `more_fix_crop` (or
 * in one of eight more places). `data_param.prefetch` (4): batches that are read ahead.
 *
 * Several ranks share the videos as those of ImageData. A missing frame is an error; the fork leaves what was there before, and says so in its log.
 * SSD's VideoData, which reads a camera or a film, is another layer, and is not here.
 *
 * Source: yjxiong's Caffe; Wang et al. 2016. Dialect: yjxiong.
 */
export class VideoDataLayer extends BatchLayer<ImageItem> {
  static readonly type = "VideoData";
  static override readonly forkFields = imageForkFields;
  override readonly topCount = 2;
  readonly #param = this.message.videoDataParam ?? create(VideoDataParameterSchema);
  readonly #transform = this.message.transformParam ?? create(TransformationParameterSchema);
  protected override readonly batchSize = this.#param.batchSize;
  protected override readonly sizesNeed =
    "video_data_param.new_height and new_width, transform_param.crop_size, or batch_size 1";
  #transformer: Transformer | undefined;
  /** The number of videos. */
  #count = 0;

  /** Reads the list, and the frames of the first video in it. */
  override async inspect(): Promise<void> {
    const first = await (await this.#openList(new Random(0), undefined)).peek();
    this.expect(this.about(first, () => this.itemShape(first)));
  }

  override async open(): Promise<void> {
    const { random, log, ranks } = this.context;
    this.#check();
    const seed = this.#param.shuffle ? random.next() : undefined;
    const frames = new Random(random.next() + (ranks?.communicator.rank ?? 0));
    const source = await this.#openList(frames, seed);
    const first = await source.peek();
    await source.enterShare();
    this.draws = newDraws(this.context);
    logIgnored(this.message, this.context, [
      "multi_scale",
      "fix_crop",
      "more_fix_crop",
      "scale_ratios",
      "max_distort",
      "is_flow",
    ]);
    log("info", "video_data_layer.cpp:47", `A total of ${this.#count} videos.`);
    this.startBatches(
      source,
      this.about(first, () => this.itemShape(first)),
      "video_data_layer.cpp:87",
    );
    logShare(this.name, this.context, this.batchSize, this.#count, "videos");
  }

  override assumedShapes(): readonly (Shape | undefined)[] {
    const { newHeight, newWidth, newLength, numSegments, grayscale, modality } = this.#param;
    const channels = modality === Modality.FLOW ? 2 : grayscale ? 1 : 3;
    return this.assumedBatch(channels * newLength * numSegments, newHeight, newWidth);
  }

  protected override itemShape({ image }: ImageItem): Shape {
    return this.#transformer?.outputShape(image) ?? [];
  }

  protected override writeItem({ image }: ImageItem, output: FloatArray): number {
    const isMirrored = this.#transform.mirror && this.#draw(2) === 1;
    const cut = this.#cut(image);
    const seen = isMirrored && this.#transform.isFlow ? withoutDirection(cut.image) : cut.image;
    this.#transformer?.transform(seen, output, { ...cut.place, isMirrored });
    return image.label;
  }

  /** The part of an image that is taken, resized if it has not the size of the crop, and where in it the crop begins. */
  #cut(image: LabeledImage): { readonly image: LabeledImage; readonly place: Omit<Place, "isMirrored"> } {
    const { cropSize, multiScale, fixCrop, moreFixCrop, scaleRatios, maxDistort } = this.#transform;
    if (cropSize === 0) return { image, place: { top: 0, left: 0 } };
    const { height, width, channels } = image;
    const rest = (side: number) => Math.trunc((side - cropSize) / 2);
    if (this.phase === "TEST") return { image, place: { top: rest(height), left: rest(width) } };
    let [rows, columns] = [cropSize, cropSize];
    if (multiScale) {
      const crops = cropsOf(image, cropSize, scaleRatios, maxDistort);
      [rows, columns] = crops[this.#draw(crops.length)] ?? [rows, columns];
    }
    const corners = fixCrop ? cornersOf(image, rows, columns, moreFixCrop) : undefined;
    const [top, left] = corners
      ? (corners[this.#draw(corners.length)] ?? [0, 0])
      : [this.#draw(height - rows + 1), this.#draw(width - columns + 1)];
    if (rows === cropSize && columns === cropSize) return { image, place: { top, left } };
    const data = new Uint8Array(rows * columns * channels);
    for (let row = 0; row < rows; row++) {
      const start = ((top + row) * width + left) * channels;
      for (let i = 0; i < columns * channels; i++) data[row * columns * channels + i] = image.values[start + i] ?? 0;
    }
    const resized = resize({ width: columns, height: rows, channels, data }, cropSize, cropSize);
    return { image: { ...image, width: cropSize, height: cropSize, values: resized.data }, place: { top: 0, left: 0 } };
  }

  #draw(below: number): number {
    return this.draws?.below(below) ?? 0;
  }

  #check(): void {
    const { source, batchSize, newHeight, newWidth, newLength, numSegments } = this.#param;
    this.check(
      source !== "",
      "MOKA_FIELD",
      "video_data_param.source must name a list of folders with frames; SSD's VideoData, which reads a camera or a film, is not here",
    );
    for (const [name, value] of Object.entries({
      batch_size: batchSize,
      new_length: newLength,
      num_segments: numSegments,
    })) {
      this.check(value > 0, "MOKA_FIELD", `video_data_param.${name} must be greater than 0`);
    }
    this.check(
      newHeight > 0 === newWidth > 0,
      "MOKA_FIELD",
      "video_data_param needs both new_height and new_width, or neither",
    );
    const { multiScale, cropSize, meanFile } = this.#transform;
    this.check(!multiScale || cropSize > 0, "MOKA_FIELD", "transform_param.multi_scale needs crop_size");
    this.check(
      !multiScale || meanFile === "" || this.phase === "TEST",
      "MOKA_UNSUPPORTED",
      "transform_param.multi_scale goes with mean_value; with mean_file, the fork takes the mean of other pixels",
    );
  }

  async #openList(frames: Random, seed: number | undefined): Promise<VideoSource> {
    this.#check();
    const { source, newHeight, newWidth, newLength, numSegments, modality, grayscale, namePattern } = this.#param;
    const { files, images, log, phase } = this.context;
    const isFlow = modality === Modality.FLOW;
    const pattern = namePattern || (isFlow ? "flow_%c_%04d.jpg" : "image_%04d.jpg");
    const places = pattern
      .match(/%0?\d*[dc]/g)
      ?.map((place) => place.at(-1))
      .join("");
    this.check(
      places === (isFlow ? "cd" : "d"),
      "MOKA_FIELD",
      `video_data_param.name_pattern must have ${isFlow ? "%c, then " : "one "}%d, as ${isFlow ? "flow_%c_%04d.jpg" : "image_%04d.jpg"}; it is ${pattern}`,
    );
    log("info", "video_data_layer.cpp:32", `Opening file: ${source}`);
    const file = sourceOf(this.message)?.file;
    const list = await files.resolve(source, file);
    const listed = parseImageList(await files.readText(list), list);
    checkVideos(listed, list);
    this.#count = listed.filter((line) => line !== undefined).length;
    const random = phase === "TRAIN" ? frames : undefined;
    const choice: FrameChoice = { segments: numSegments, length: newLength, isFlow, pattern, random };
    const size = newHeight > 0 ? { width: newWidth, height: newHeight } : undefined;
    const color = !isFlow && !grayscale;
    const options = { files, images, color, rootFolder: "", namedBy: [list, file], size };
    const channels = (isFlow ? 2 : color ? 3 : 1) * newLength * numSegments;
    await this.#makeTransformer(channels);
    return new VideoSource(listed, this.batchSize, options, choice, seed, rankShare(this.context, this.batchSize));
  }

  /** The group of mean values is repeated for the channels of all frames. The layer draws places itself. */
  async #makeTransformer(channels: number): Promise<void> {
    const { meanValue } = this.#transform;
    this.check(
      meanValue.length <= 1 || channels % meanValue.length === 0,
      "MOKA_FIELD",
      `transform_param.mean_value is given ${meanValue.length} times for ${channels} channels; give one, or as many as divide them`,
    );
    const param = copyMessage(TransformationParameterSchema, this.#transform);
    [param.cropH, param.cropW] = [0, 0]; // SSD's, which are ignored here
    if (meanValue.length > 1)
      param.meanValue = Array.from({ length: channels }, (_, c) => meanValue[c % meanValue.length] ?? 0);
    const mean = await loadMean(this.message, this.context);
    const message = { ...this.message, transformParam: param };
    this.#transformer = newTransformer(message, { ...this.context, random: new Random(0) }, mean);
  }
}

/** A flow whose x channels, every second one, point the other way. */
function withoutDirection(image: LabeledImage): LabeledImage {
  const values = Uint8Array.from(image.values);
  for (let first = 0; first < values.length; first += image.channels) {
    for (let c = 0; c < image.channels; c += 2) values[first + c] = 255 - (values[first + c] ?? 0);
  }
  return { ...image, values };
}
