import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { floatsOf, type Hdf5Content, readHdf5Shapes, readHdf5Tree } from "../../data/hdf5.js";
import { RowSource } from "../../data/sources/hdf5-rows.js";
import { HDF5DataParameterSchema } from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { readFrom } from "../../util/files.js";
import { libraryRandomOf } from "../../util/random/c-library.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
import { logShare, rankShare } from "./rank-share.js";
import { SourceLayer } from "./source-layer.js";

/**
 * Rows of HDF5 files: one dataset for each top, by its name.
 *
 * No bottoms; tops, one or more: (batch_size, …), where … are the axes of the dataset after its first. Files are read one
 * after the other, each as a whole; after the last row of the last file, the first row of the first follows. The values are
 * floats of 16, 32 or 64 bits or integers of 8 to 64 bits.
 *
 * `hdf5_data_param`: `source` (a text file that lists HDF5 files, separated by white space), `batch_size`,
 * `shuffle` (false): the rows of each file, and the files, are shuffled again in each pass. The C library's generator
 * draws, as in Caffe: the orders are those of Caffe on Linux and do not depend on the seed of the run.
 * `transform_param` is refused, as in Caffe.
 *
 * Several ranks share the rows, which Caffe's do not. In TRAIN a rank takes every N-th of N ranks, from its number on; a pass
 * that does not divide goes on with the first row. In TEST whole batches go to the ranks in turn. A file of which a rank takes
 * no row is not loaded; its header is read. All ranks shuffle alike. For that each layer has a generator of its own, which
 * begins as the C library's stands when the layer is opened: if several layers shuffle, the orders of their later passes are
 * not those of one process.
 */
export class HDF5DataLayer extends SourceLayer {
  static readonly type = "HDF5Data";
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  readonly #param = this.message.hdf5DataParam ?? create(HDF5DataParameterSchema);
  #paths: string[] = [];
  #rows: RowSource | undefined;
  /** The datasets of the file that was loaded last. */
  #datasets: { readonly shape: Shape; readonly data: Float32Array }[] = [];
  #topShapes: readonly Shape[] = [];

  /** Reads the list, and of its first file the headers that give the shapes. */
  override async inspect(): Promise<void> {
    await this.#openList();
    const [path = ""] = this.#paths;
    this.#setTops(await this.#readShapes(path));
  }

  override async open(): Promise<void> {
    await this.#openList();
    const { batchSize, shuffle } = this.#param;
    const paths = this.#paths;
    const files = {
      count: paths.length,
      load: (file: number) => this.#load(paths[file] ?? ""),
      countRows: async (file: number) => (await this.#readShapes(paths[file] ?? ""))[0]?.shape[0] ?? 0,
    };
    const random = shuffle ? libraryRandomOf(this.context.random) : undefined;
    this.#rows = new RowSource(files, rankShare(this.context, batchSize), random);
    await this.#rows.start();
    this.#setTops(this.#datasets); // of the first file, so that the nets of all ranks are alike
    logShare(this.name, this.context, batchSize, this.#rows.count, "rows");
    await this.#rows.enterShare();
  }

  /** Reads the list, and finds its files. */
  async #openList(): Promise<void> {
    const { source, batchSize } = this.#param;
    const { files, log } = this.context;
    this.check(!this.message.transformParam, "MOKA_FIELD", "does not transform data: remove transform_param");
    this.check(source !== "", "MOKA_FIELD", "hdf5_data_param.source must be given");
    this.check(batchSize > 0, "MOKA_FIELD", "hdf5_data_param.batch_size must be given, and greater than 0");
    log("info", "hdf5_data_layer.cpp:81", `Loading list of HDF5 filenames from: ${source}`);
    const namedBy = sourceOf(this.message)?.file;
    const list = await files.resolve(source, namedBy);
    const names = (await files.readText(list)).split(/\s+/).filter((name) => name !== "");
    // Paths in the list are relative to the working directory, else to the folder of the list, else to that of the net.
    this.#paths = await Promise.all(names.map(async (name) => files.resolve(await files.resolve(name, list), namedBy)));
    log("info", "hdf5_data_layer.cpp:95", `Number of HDF5 files: ${names.length}`);
    this.check(names.length > 0, "MOKA_DATA", `${source} lists no HDF5 file`);
  }

  #setTops(datasets: readonly { readonly shape: Shape }[]): void {
    this.#topShapes = datasets.map(({ shape }) => [this.#param.batchSize, ...shape.slice(1)]);
  }

  override topShapes(): readonly Shape[] {
    return this.#topShapes;
  }

  override forward(k: Recorder, _bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const next = async () => {
      for (let i = 0; i < this.#param.batchSize; i++) {
        const row = this.#rows?.row ?? 0;
        top.forEach((y, j) => {
          const size = countOf(y.shape, 1);
          const values = this.#datasets[j]?.data.subarray(row * size, (row + 1) * size) ?? [];
          y.data.array.set(values, i * size);
        });
        const ended = this.#rows?.next(i + 1);
        if (ended) await ended;
      }
    };
    k.host("next batch", next, { writes: top.map(({ data }) => data) });
  }

  /** The position of the next row and, with `shuffle`, the order of files and rows. */
  override saveState(): unknown {
    return this.#rows?.position;
  }

  override restoreState(state: unknown): Promise<void> {
    return this.#moveTo(state, false);
  }

  /** Orders are the same on all ranks, so a rank needs nothing of its own. */
  override restoreShare(first: unknown): Promise<void> {
    return this.#moveTo(first, true);
  }

  async #moveTo(state: unknown, isShared: boolean): Promise<void> {
    try {
      await this.#rows?.moveTo(state, isShared);
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** Loads a file, and returns the number of its rows. */
  async #load(path: string): Promise<number> {
    const found = await this.#read(async () => readHdf5Tree(await this.context.files.read(path), path));
    const datasets = this.#datasetsOf(path, found);
    this.#datasets = datasets.map((dataset) => ({ shape: dataset.shape, data: floatsOf(dataset) }));
    return datasets[0]?.shape[0] ?? 0;
  }

  /** The shapes of a file's datasets, from its headers. */
  async #readShapes(path: string): Promise<readonly { readonly shape: Shape }[]> {
    return this.#datasetsOf(path, await this.#read(() => readFrom(this.context.files, path, readHdf5Shapes)));
  }

  async #read<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** The datasets that the tops name. All must have the same number of rows; the rows must be as large as in earlier files. */
  #datasetsOf<T extends { readonly shape: Shape }>(path: string, found: Hdf5Content<T | string>): T[] {
    const before = this.#datasets;
    const datasets = this.message.top.map((name) => this.#datasetOf(path, found, name));
    const rows = datasets[0]?.shape[0];
    this.check(rows !== 0, "MOKA_DATA", `${path} has no rows`);
    datasets.forEach(({ shape }, i) => {
      const name = this.message.top[i];
      this.check(shape[0] === rows, "MOKA_DATA", `${path}: "${name}" has ${shape[0]} rows, the first dataset ${rows}`);
      const wanted = before[i]?.shape;
      this.check(
        !wanted || countOf(wanted, 1) === countOf(shape, 1),
        "MOKA_DATA",
        `${path}: rows of "${name}" have shape ${formatShape(shape.slice(1))}, in the file before ${formatShape(wanted?.slice(1) ?? [])}`,
      );
    });
    return datasets;
  }

  #datasetOf<T extends { readonly shape: Shape }>(path: string, found: Hdf5Content<T | string>, name: string): T {
    const { datasets, others } = found;
    const dataset = datasets.get(name);
    const elements = typeof dataset === "string" ? "a string" : others.get(name);
    this.check(
      elements === undefined,
      "MOKA_DATA",
      `${path}: dataset "${name}" holds ${elements}; floats of 16, 32 and 64 bits and integers of 8 to 64 bits are read`,
    );
    const names = [...datasets.keys(), ...others.keys()].sort().join(", ") || "none";
    this.check(typeof dataset === "object", "MOKA_DATA", `${path} has no dataset "${name}"; it has ${names}`);
    this.check(dataset.shape.length > 0, "MOKA_DATA", `${path}: dataset "${name}" is one number without rows`);
    return dataset;
  }
}
