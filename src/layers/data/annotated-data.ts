import { create, isFieldSet } from "@bufbuild/protobuf";
import type { FloatArray } from "../../core/span.js";
import { augment, placeBoxes } from "../../data/annotated/augment.js";
import { checkDistortion } from "../../data/annotated/distort.js";
import { ImagePreparer, pixelsOf } from "../../data/annotated/prepare.js";
import { checkSampler } from "../../data/annotated/sampler.js";
import { openDatabase } from "../../data/database.js";
import { decodeDatum, type LabeledImage, withLabel } from "../../data/labeled-image.js";
import { DatabaseSource } from "../../data/sources/database.js";
import type { ImageItem } from "../../data/sources/item.js";
import type { Place } from "../../data/transformer.js";
import { type AnnotatedBox, readAnnotatedDatum } from "../../proto/binary/index.js";
import {
  AnnotatedDataParameterSchema,
  DataParameter_DB as Backend,
  type BlobProto,
  DataParameterSchema,
  ResizeParameter_Resize_mode as Resize,
} from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import type { Shape } from "../../util/shape.js";
import { BatchLayer } from "./batch-layer.js";
import { logShare, rankShare } from "./rank-share.js";
import { imageForkFields, loadMean, logIgnored, newDraws, newTransformer, preparedFields } from "./transform.js";

/** An image with its annotations. */
interface AnnotatedImage extends LabeledImage {
  readonly type: number | undefined;
  readonly boxes: readonly AnnotatedBox[];
}

/** An item of the batch after augmentation. */
interface Prepared {
  readonly image: LabeledImage;
  readonly place: Place;
  readonly boxes: readonly AnnotatedBox[];
}

/**
 * Batches of images and the boxes of the objects in them, from a database of AnnotatedDatums, as `moka convert_annoset` makes it;
 * after the last record, the first follows. For training, images and boxes are augmented (SSD; W. Liu et al. 2016).
 *
 * No bottoms; tops: data (batch_size, channels, height, width) and, if there are two, boxes (1, 1, G, 8). A row of boxes is: item of
 * the batch, class, instance, xmin, ymin, xmax, ymax in units of the image, difficult. G is the number of boxes of the batch, and
 * changes from batch to batch; a batch without boxes gives one row of −1. Records without a type, and no `anno_type`: the second top
 * is labels (batch_size), as of Data.
 *
 * Each image goes through these steps, and its boxes with it; random numbers are drawn in the fork's order.
 * `transform_param.distort_param`: brightness (+ [−delta, delta]), contrast (·[lower, upper]), saturation (·[lower, upper]), hue
 * (+ [−delta, delta]), order of channels, each with its `…_prob` (0). `expand_param`: with `prob` (1) puts the image into one up to
 * `max_expand_ratio` times as large, filled with `mean_value`. `annotated_data_param.batch_sampler`, repeated: up to `max_trials`
 * (100) random parts (`sampler`: `min_scale` to `max_scale`, `min_aspect_ratio` to `max_aspect_ratio`, all 1), of which those count
 * that meet `sample_constraint` for an object, at most `max_sample`; one of all that were found is cropped. `resize_param`: `height`
 * and `width`, `resize_mode` (WARP, FIT_SMALL_SIZE for `batch_size` 1, FIT_LARGE_SIZE_AND_PAD with `pad_mode` and `pad_value`), and
 * one of `interp_mode` at random (LINEAR; NEAREST, AREA, CUBIC, LANCZOS4, as OpenCV). `noise_param`: decolorize, hist_eq (gray),
 * erode, posterize, inverse, saltpepper, convert_to_hsv; others are an error. Then as in Data: `crop_size`, or `crop_h` and `crop_w`;
 * `mirror`, `mean_value` or `mean_file`, `scale`. Boxes are clipped to each part; `emit_constraint` drops those whose CENTER lies
 * outside, or of which no more than `emit_overlap` is inside.
 *
 * `data_param`: `source`, `batch_size`, `backend`, `prefetch`, as in Data, as ranks share records. `annotated_data_param`: `anno_type`
 * (BBOX) replaces the records' type; `label_map_file` is not read, as in the fork.
 *
 * Fields of other forks in all of these messages are ignored, and the log names them: with eric612's `yolo_data_type` too, boxes are rows of eight
 * values, which Moka's layers of YOLO take as well.
 *
 * As in the fork: `prob` of `resize_param` and `noise_param` is ignored; of several limits in a `sample_constraint`, only those on
 * the first of jaccard_overlap, sample_coverage and object_coverage count; a hue below 0 becomes 0. Departures: images are not
 * made a JPEG again after each step; records that are not encoded are distorted and resized too, and expanded with the mean (the
 * fork does the first not at all, and expands with 32); the order of channels is shuffled by the run's generator.
 */
export class AnnotatedDataLayer extends BatchLayer<ImageItem<AnnotatedImage>> {
  static readonly type = "AnnotatedData";
  static override readonly forkFields = imageForkFields;
  override readonly topCount = [1, 2] as const;
  readonly #param = this.message.dataParam ?? create(DataParameterSchema);
  readonly #annotated = this.message.annotatedDataParam ?? create(AnnotatedDataParameterSchema);
  protected override readonly batchSize = this.#param.batchSize;
  protected override readonly sizesNeed = "batch_size 1, transform_param.resize_param or transform_param.crop_size";
  #source: DatabaseSource<AnnotatedImage> | undefined;
  #first: ImageItem<AnnotatedImage> | undefined;
  #count: number | undefined;
  #mean: BlobProto | undefined;
  #preparer: ImagePreparer | undefined;
  /** Whether the second top is boxes; else it is labels. */
  #hasBoxes = true;
  #prepared = new Map<ImageItem<AnnotatedImage>, Prepared>();
  /** The values of the second top, if it is boxes. */
  #rows = new Float32Array(8);

  override async inspect(): Promise<void> {
    const { source, batchSize, backend } = this.#param;
    const { files, images, log } = this.context;
    this.check(source !== "", "MOKA_FIELD", "data_param.source must be given");
    this.check(batchSize > 0, "MOKA_FIELD", "data_param.batch_size must be given, and greater than 0");
    this.#checkParam();
    const isLmdb = backend === Backend.LMDB;
    const path = await files.resolve(source, sourceOf(this.message)?.file);
    const db = await openDatabase(files, isLmdb ? "lmdb" : "leveldb", path);
    log("info", isLmdb ? "db_lmdb.cpp:35" : "db_leveldb.cpp:18", `Opened ${isLmdb ? "lmdb" : "leveldb"} ${source}`);
    const read = async (record: Uint8Array): Promise<AnnotatedImage> => {
      const { datum, type, boxes } = readAnnotatedDatum(record);
      return { ...(await decodeDatum(datum, this.message.transformParam, images)), type, boxes };
    };
    this.#source = new DatabaseSource(source, db, batchSize, read, rankShare(this.context, batchSize));
    await this.#source.start();
    this.#mean = await loadMean(this.message, this.context);
    this.#first = await this.#source.peek(); // the same on all ranks, so that their nets are alike
    await this.#source.enterShare();
    this.#count = db.count;
    const { type, boxes } = this.#first.image;
    this.#hasBoxes = type !== undefined || isFieldSet(this.#annotated, AnnotatedDataParameterSchema.field.annoType);
    this.#rows = new Float32Array(8 * Math.max(boxes.length, 1));
  }

  /** Assumes three channels, or one with `force_gray`, and one box. */
  override assumedShapes(): readonly (Shape | undefined)[] {
    return this.assumedBatch(this.message.transformParam?.forceGray ? 1 : 3);
  }

  override setup(): void {
    const { random } = this.context;
    // SSD draws a seed for the thread that reads, two for its transformer, if it is random, and one for its prefetching thread.
    random.next();
    newTransformer(this.message, this.context, this.#mean);
    this.transformer = newTransformer(this.message, this.context, this.#mean);
    this.draws = newDraws(this.context);
    this.#preparer = new ImagePreparer(this.message.transformParam, this.draws);
    const [source, first] = [this.#source, this.#first];
    if (!source || !first) return;
    const computed = [...preparedFields, "distort_param", "expand_param", "emit_constraint"];
    logIgnored(this.message, this.context, computed, this.#annotated);
    const shape = this.about(first, () => this.itemShape(first));
    this.startBatches(source, shape, "annotated_data_layer.cpp:65");
    logShare(this.name, this.context, this.batchSize, this.#count, "records");
  }

  protected override labelShape(): Shape {
    return this.#hasBoxes ? [1, 1, this.#rows.length / 8, 8] : [this.batchSize];
  }

  protected override channelsNeed(): string {
    return "gray and color images need transform_param.force_color or force_gray, or a database that is made anew";
  }

  protected override itemShape(item: ImageItem<AnnotatedImage>): Shape {
    const image = this.#prepared.get(item)?.image ?? this.#preparer?.sizeOf(item.image) ?? item.image;
    return this.transformer?.outputShape(image) ?? [];
  }

  /** Augments the images of a batch: only then the number of boxes is known. */
  protected override async prepare(items: readonly ImageItem<AnnotatedImage>[]): Promise<void> {
    this.#prepared = new Map(items.map((item) => [item, this.about(item, () => this.#augment(item.image))]));
    if (!this.#hasBoxes) return;
    const rows = [...this.#prepared.values()].flatMap(({ boxes }, i) =>
      boxes.flatMap(({ label, instance, xmin, ymin, xmax, ymax, difficult }) => {
        return [i, label, instance, xmin, ymin, xmax, ymax, difficult ? 1 : 0];
      }),
    );
    this.#rows = rows.length > 0 ? Float32Array.from(rows) : new Float32Array(8).fill(-1);
  }

  #augment({ boxes: given, type, ...labeled }: AnnotatedImage): Prepared {
    const param = this.message.transformParam;
    const { batchSampler } = this.#annotated;
    const [preparer, transformer, draws] = [this.#preparer, this.transformer, this.draws];
    if (!preparer || !transformer || !draws)
      return { image: labeled, place: { isMirrored: false, top: 0, left: 0 }, boxes: [] };
    if (this.#hasBoxes) this.#checkType(type);
    const isChanged = param?.distortParam || param?.expandParam || batchSampler.length > 0;
    const changed = isChanged
      ? augment({ image: pixelsOf(labeled), boxes: given }, param, batchSampler, draws)
      : { image: labeled, boxes: given };
    const augmented = "data" in changed.image ? withLabel(changed.image, labeled.label) : labeled;
    const image = preparer.apply(augmented);
    const place = transformer.place(image);
    const [, height = 0, width = 0] = transformer.outputShape(image);
    const crop = {
      xmin: Math.fround(place.left / image.width),
      ymin: Math.fround(place.top / image.height),
      xmax: Math.fround((place.left + width) / image.width),
      ymax: Math.fround((place.top + height) / image.height),
    };
    const placement = { crop, isMirrored: place.isMirrored };
    const boxes = placeBoxes(changed.boxes, augmented, placement, param?.resizeParam[0], param?.emitConstraint);
    return { image, place, boxes };
  }

  protected override writeItem(item: ImageItem<AnnotatedImage>, output: FloatArray): number {
    const prepared = this.#prepared.get(item);
    if (prepared) this.transformer?.transform(prepared.image, output, prepared.place);
    if (item.isLast) this.context.log("info", "data_reader.cpp:112", "Restarting data prefetching from start.");
    return item.image.label;
  }

  protected override writeLabels(labels: readonly number[], output: FloatArray): void {
    output.set(this.#hasBoxes ? this.#rows : labels);
    this.#prepared.clear();
  }

  override async close(): Promise<void> {
    await super.close();
    this.#source?.close();
  }

  #checkType(type: number | undefined): void {
    const isGiven = isFieldSet(this.#annotated, AnnotatedDataParameterSchema.field.annoType);
    const own = isGiven ? this.#annotated.annoType : type;
    this.check(
      own !== undefined,
      "MOKA_DATA",
      "the record has no type of annotation, the first has one: give anno_type",
    );
    this.check(own === 0, "MOKA_UNSUPPORTED", `annotations of type ${own}: only boxes (BBOX, 0) are read`);
  }

  #checkParam(): void {
    const { distortParam, expandParam, meanFile, resizeParam = [] } = this.message.transformParam ?? {};
    for (const sampler of this.#annotated.batchSampler) checkSampler(sampler);
    if (distortParam) checkDistortion(distortParam);
    const ratio = expandParam?.maxExpandRatio ?? 2;
    this.check(ratio > 1, "MOKA_FIELD", `expand_param.max_expand_ratio ${ratio} must be greater than 1`);
    this.check(
      !expandParam || !meanFile,
      "MOKA_FIELD",
      "expand_param fills with the mean's color: give mean_value instead of mean_file",
    );
    this.check(
      resizeParam[0]?.resizeMode !== Resize.FIT_SMALL_SIZE || this.batchSize === 1,
      "MOKA_FIELD",
      "resize_param.resize_mode FIT_SMALL_SIZE gives images of different sizes: it needs batch_size 1",
    );
  }
}
