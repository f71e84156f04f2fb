import { create } from "@bufbuild/protobuf";
import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { type Lmdb, type LmdbCursor, openLmdb } from "../../data/lmdb/index.js";
import { Transformer } from "../../data/transformer.js";
import { type DatumValues, readBlobProto, readDatum } from "../../proto/binary/index.js";
import { DataParameter_DB as Backend, type BlobProto, DataParameterSchema } from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { MokaError } from "../../util/errors.js";
import { countOf, formatShape, type Shape, sameShape } from "../../util/shape.js";

interface Batch {
  readonly shape: Shape;
  readonly data: Float32Array;
  readonly labels: Float32Array;
}

/**
 * Batches of images and labels from a database, in the order of its keys; it starts again when it ends.
 *
 * No bottoms; tops: data (batch_size, channels, height, width) and, if there are two, labels (batch_size). All
 * images of a batch must have one size; another batch may have another, and the net is then reshaped.
 *
 * `data_param`: `source` (a folder with a `data.mdb`, or that file), `batch_size`, `backend` (must be LMDB: LEVELDB,
 * the default of the prototxt, is not read yet). `prefetch`, `rand_skip` and the old transformation fields are read
 * and ignored. `transform_param`: `scale` (1), `mirror` (false), `crop_size` (0), `mean_file` or `mean_value`.
 */
export class DataLayer extends Layer {
  static readonly type = "Data";
  override readonly bottomCount = 0;
  override readonly topCount = [1, 2] as const;
  readonly #param = this.message.dataParam ?? create(DataParameterSchema);
  #db: Lmdb | undefined;
  #cursor: LmdbCursor | undefined;
  #mean: BlobProto | undefined;
  #transformer: Transformer | undefined;
  #shape: Shape = [];
  #batch: Batch | undefined;

  override async open(): Promise<void> {
    const { source, batchSize, backend } = this.#param;
    const { files, log } = this.context;
    this.check(source !== "", "MOKA_FIELD", "data_param.source must be given");
    this.check(batchSize > 0, "MOKA_FIELD", "data_param.batch_size must be given, and greater than 0");
    this.check(
      backend === Backend.LMDB,
      "MOKA_UNSUPPORTED",
      "data_param.backend must be LMDB; LEVELDB is not read yet",
    );
    const namedBy = sourceOf(this.message)?.file;
    this.#db = await openLmdb(files, await files.resolve(source, namedBy));
    log("info", "db_lmdb.cpp:35", `Opened lmdb ${source}`);
    this.#cursor = this.#db.cursor();
    this.check(this.#cursor.first(), "MOKA_DATA", `the database ${source} is empty`);
    const meanFile = this.message.transformParam?.meanFile;
    if (meanFile) {
      const path = await files.resolve(meanFile, namedBy);
      log("info", "data_transformer.cpp:25", `Loading mean file from: ${meanFile}`);
      this.#mean = readBlobProto(await files.read(path), path);
    }
  }

  override setup(): void {
    const { random, log } = this.context;
    const param = this.message.transformParam;
    // Caffe seeds its transformer twice, and then its prefetching thread: three draws if it is random at all.
    const fork = () => (Transformer.needsRandom(param, this.phase) ? random.fork() : random);
    fork();
    const transformer = new Transformer(param, this.phase, fork(), this.#mean);
    random.next();
    this.#transformer = transformer;
    this.#shape = [this.#param.batchSize, ...this.#read((datum) => transformer.outputShape(datum))];
    log("info", "data_layer.cpp:45", `output data size: ${this.#shape.join(",")}`);
  }

  override topShapes(): readonly Shape[] {
    return [this.#shape, [this.#param.batchSize]];
  }

  override liveShapes(): readonly Shape[] {
    this.#batch = this.#nextBatch();
    this.#shape = this.#batch.shape;
    return this.topShapes();
  }

  override forward(k: Recorder, _bottom: readonly Tensor[], [data, labels]: readonly Tensor[]): void {
    const copy = () => {
      const batch = this.#batch ?? this.#nextBatch();
      data?.data.array.set(batch.data);
      labels?.data.array.set(batch.labels);
      this.#batch = undefined;
    };
    k.host("next batch", copy, { writes: [data, labels].flatMap((top) => top?.data ?? []) });
  }

  override async close(): Promise<void> {
    this.#db?.close();
  }

  #nextBatch(): Batch {
    const transformer = this.#transformer as Transformer;
    const { batchSize } = this.#param;
    const first = this.#read((datum) => transformer.outputShape(datum));
    const size = countOf(first);
    const data = new Float32Array(batchSize * size);
    const labels = new Float32Array(batchSize);
    for (let i = 0; i < batchSize; i++) {
      this.#read((datum) => {
        const own = transformer.outputShape(datum);
        this.check(
          sameShape(own, first),
          "MOKA_DATA",
          `an image of shape ${formatShape(own)}, but its batch began with ${formatShape(first)}; ` +
            "images of different sizes need data_param.batch_size 1 or transform_param.crop_size",
        );
        transformer.transform(datum, data.subarray(i * size, (i + 1) * size));
        labels[i] = datum.label;
      });
      this.#advance();
    }
    return { shape: [batchSize, ...first], data, labels };
  }

  #advance(): void {
    if (this.#cursor?.next()) return;
    this.context.log("info", "data_layer.cpp:73", "Restarting data prefetching from start.");
    this.#cursor?.first();
  }

  /** What `work` makes of the current record; errors name that record. */
  #read<T>(work: (datum: DatumValues) => T): T {
    const cursor = this.#cursor as LmdbCursor;
    try {
      return work(readDatum(cursor.value));
    } catch (error) {
      if (!(error instanceof MokaError)) throw error;
      throw this.error(error.code, `record ${cursor.position} of ${this.#param.source}: ${error.reason}`, error);
    }
  }
}
