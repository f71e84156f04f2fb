import { create } from "@bufbuild/protobuf";
import type { FloatArray } from "../../core/span.js";
import { ImagePreparer } from "../../data/annotated/prepare.js";
import { openDatabase } from "../../data/database.js";
import { readRecordImage } from "../../data/labeled-image.js";
import { DatabaseSource } from "../../data/sources/database.js";
import type { ImageItem } from "../../data/sources/item.js";
import { ShuffledDatabaseSource } from "../../data/sources/shuffled-database.js";
import { DataParameter_DB as Backend, type BlobProto, DataParameterSchema } from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import type { Shape } from "../../util/shape.js";
import { BatchLayer } from "./batch-layer.js";
import { logShare, rankShare } from "./rank-share.js";
import { imageForkFields, loadMean, logIgnored, newDraws, newTransformer } from "./transform.js";

/**
 * Batches of images and labels from a database, in the order of its keys; after the last record, the first follows.
 *
 * No bottoms; tops: data (batch_size, channels, height, width) and, if there are two, labels (batch_size). All
 * images of a batch must have one size; another batch may have another, and the net is then reshaped.
 *
 * `data_param`: `source` (a folder; of an LMDB its `data.mdb` too), `batch_size`, `backend` (LEVELDB, or LMDB),
 * `prefetch` (4): batches that are read and decoded ahead of the net; Intel's `shuffle` (false): random order, another in each pass,
 * the same on all ranks, for which all keys are read first. `rand_skip`, `force_encoded_color` and the old
 * transformation fields are ignored, as in Caffe. `transform_param`: `scale` (1), `mirror` (false), `crop_size` (0),
 * `mean_file` or `mean_value`; for encoded records, image files, `force_color` or `force_gray` (else as they are). SSD's `crop_h`,
 * `crop_w`, `resize_param` and `noise_param` work as in AnnotatedData; fields of other forks are ignored, and the log names them.
 *
 * Several ranks share the records, and each reads only its own. In TRAIN a rank takes every N-th of N ranks, from its number
 * on, as in Caffe; a pass that does not divide goes on with the first record. In TEST whole batches go to the ranks in turn.
 * Each rank crops and mirrors by numbers of its own.
 *
 * A LevelDB is only read: unlike Caffe's, it is neither locked nor changed when it is opened.
 */
export class DataLayer extends BatchLayer<ImageItem> {
  static readonly type = "Data";
  static override readonly forkFields = imageForkFields;
  override readonly topCount = [1, 2] as const;
  readonly #param = this.message.dataParam ?? create(DataParameterSchema);
  protected override readonly batchSize = this.#param.batchSize;
  #source: DatabaseSource | ShuffledDatabaseSource | undefined;
  #first: ImageItem | undefined;
  #count: number | undefined;
  #preparer: ImagePreparer | undefined;
  #mean: BlobProto | undefined;

  override async inspect(): Promise<void> {
    const { source, batchSize } = this.#param;
    const { files, images, log } = this.context;
    this.check(source !== "", "MOKA_FIELD", "data_param.source must be given");
    this.check(batchSize > 0, "MOKA_FIELD", "data_param.batch_size must be given, and greater than 0");
    const isLmdb = this.#param.backend === Backend.LMDB;
    const path = await files.resolve(source, sourceOf(this.message)?.file);
    const db = await openDatabase(files, isLmdb ? "lmdb" : "leveldb", path);
    if (isLmdb) log("info", "db_lmdb.cpp:35", `Opened lmdb ${source}`);
    else log("info", "db_leveldb.cpp:18", `Opened leveldb ${source}`);
    const read = (record: Uint8Array) => readRecordImage(record, this.message.transformParam, images);
    const Source = this.#param.shuffle ? ShuffledDatabaseSource : DatabaseSource;
    this.#source = new Source(source, db, batchSize, read, rankShare(this.context, batchSize));
    await this.#source.start();
    this.#mean = await loadMean(this.message, this.context);
    this.#first = await this.#source.peek(); // the same on all ranks, so that their nets are alike
    await this.#source.enterShare();
    this.#count = db.count;
  }

  /** Assumes three channels, or one with `force_gray`. */
  override assumedShapes(): readonly (Shape | undefined)[] {
    return this.assumedBatch(this.message.transformParam?.forceGray ? 1 : 3);
  }

  override setup(): void {
    const { log } = this.context;
    const param = this.message.transformParam;
    // Caffe draws two seeds for its transformer, if it is random, and then one for its prefetching thread.
    newTransformer(this.message, this.context, this.#mean);
    this.transformer = newTransformer(this.message, this.context, this.#mean);
    const draws = newDraws(this.context);
    this.#preparer = new ImagePreparer(param, draws);
    if (this.#preparer.isActive) this.draws = draws;
    logIgnored(this.message, this.context);
    const [source, first] = [this.#source, this.#first];
    if (!source || !first) return;
    if (source instanceof ShuffledDatabaseSource) source.seed(this.context.random.next());
    if ((param?.forceColor || param?.forceGray) && !first.image.isInterleaved) {
      log("error", "data_transformer.cpp:152", "force_color and force_gray only for encoded datum");
    }
    this.startBatches(
      source,
      this.about(first, () => this.itemShape(first)),
      "data_layer.cpp:45",
    );
    logShare(this.name, this.context, this.batchSize, this.#count, "records");
  }

  /** A decoded image can be decoded in color or gray; one that is stored as values has the channels that it has. */
  protected override channelsNeed({ image }: ImageItem): string {
    return image.isInterleaved
      ? "gray and color images need transform_param.force_color or force_gray"
      : "gray and color images must be made alike when the database is made, as convert_imageset makes them";
  }

  protected override itemShape({ image }: ImageItem): Shape {
    return this.transformer?.outputShape(this.#preparer?.sizeOf(image) ?? image) ?? [];
  }

  protected override writeItem({ image, isLast }: ImageItem, output: FloatArray): number {
    this.transformer?.transform(this.#preparer?.apply(image) ?? image, output);
    if (isLast) this.context.log("info", "data_layer.cpp:73", "Restarting data prefetching from start.");
    return image.label;
  }

  override async close(): Promise<void> {
    await super.close();
    this.#source?.close();
  }
}
