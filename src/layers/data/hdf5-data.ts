import { create } from "@bufbuild/protobuf";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { floatsOf, type Hdf5Content, readHdf5Shapes, readHdf5Tree } from "../../data/hdf5.js";
import { fieldsOf, isIndex, isOrder } from "../../data/sources/item.js";
import { HDF5DataParameterSchema } from "../../proto/gen/caffe_pb.js";
import { sourceOf } from "../../proto/source.js";
import { readFrom } from "../../util/files.js";
import { libraryRandomOf } from "../../util/random/c-library.js";
import { countOf, formatShape, type Shape } from "../../util/shape.js";
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
 */
export class HDF5DataLayer extends SourceLayer {
  static readonly type = "HDF5Data";
  override readonly topCount = [1, Number.POSITIVE_INFINITY] as const;
  readonly #param = this.message.hdf5DataParam ?? create(HDF5DataParameterSchema);
  readonly #random = libraryRandomOf(this.context.random);
  #paths: string[] = [];
  /** The order in which the files are taken. */
  #files: number[] = [];
  /** The index of the current file in `#files`. */
  #file = 0;
  #datasets: { readonly shape: Shape; readonly data: Float32Array }[] = [];
  /** The order in which the current file's rows are taken. */
  #rows: number[] = [];
  #row = 0;

  /** Reads the list, and of its first file the headers that give the shapes. */
  override async inspect(): Promise<void> {
    await this.#openList();
    const [path = ""] = this.#paths;
    const shapes = await readFrom(this.context.files, path, readHdf5Shapes);
    this.#datasets = this.#datasetsOf(path, shapes).map(({ shape }) => ({ shape, data: new Float32Array(0) }));
  }

  override async open(): Promise<void> {
    await this.#openList();
    const { shuffle } = this.#param;
    this.#files = this.#paths.map((_, i) => i);
    if (shuffle) this.#random.shuffle(this.#files);
    await this.#load(0);
    if (shuffle) this.#random.shuffle(this.#rows);
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

  override topShapes(): readonly Shape[] {
    return this.#datasets.map(({ shape }) => [this.#param.batchSize, ...shape.slice(1)]);
  }

  override forward(k: Recorder, _bottom: readonly Tensor[], top: readonly Tensor[]): void {
    const next = async () => {
      for (let i = 0; i < this.#param.batchSize; i++) {
        const row = this.#rows[this.#row] ?? 0;
        top.forEach((y, j) => {
          const size = countOf(y.shape, 1);
          const values = this.#datasets[j]?.data.subarray(row * size, (row + 1) * size) ?? [];
          y.data.array.set(values, i * size);
        });
        await this.#advance();
      }
    };
    k.host("next batch", next, { writes: top.map(({ data }) => data) });
  }

  /** The position of the next row and, with `shuffle`, the order of files and rows. */
  override saveState(): unknown {
    const place = { file: this.#file, row: this.#row };
    if (!this.#param.shuffle) return place;
    return { ...place, files: this.#files, rows: this.#rows, random: this.#random.state };
  }

  override async restoreState(state: unknown): Promise<void> {
    const { file, row, files, rows, random } = fieldsOf(state);
    const { shuffle } = this.#param;
    this.check(
      isIndex(file, this.#paths.length - 1) && (!shuffle || isOrder(files, this.#paths.length)),
      "MOKA_DATA",
      `the saved position is in no list of ${this.#paths.length} files`,
    );
    const before = { files: this.#files, file: this.#file, rows: this.#rows };
    try {
      if (shuffle) this.#files = files as number[];
      await this.#load(file);
      this.check(
        isIndex(row, this.#rows.length - 1) && (!shuffle || isOrder(rows, this.#rows.length)),
        "MOKA_DATA",
        `the saved position is in no file of ${this.#rows.length} rows`,
      );
      if (shuffle) this.#random.restore(random);
    } catch (error) {
      this.#files = before.files;
      await this.#load(before.file);
      this.#rows = before.rows;
      throw this.explain(error);
    }
    if (shuffle) this.#rows = rows as number[];
    this.#row = row;
  }

  /** Goes to the next row. With several files, the rows of each new file are shuffled twice, as in Caffe. */
  async #advance(): Promise<void> {
    this.#row++;
    if (this.#row < this.#rows.length) return;
    const { shuffle } = this.#param;
    if (this.#paths.length > 1) {
      const last = this.#file === this.#paths.length - 1;
      if (last && shuffle) this.#random.shuffle(this.#files);
      await this.#load(last ? 0 : this.#file + 1);
      if (shuffle) this.#random.shuffle(this.#rows);
    }
    if (shuffle) this.#random.shuffle(this.#rows);
    this.#row = 0;
  }

  async #load(file: number): Promise<void> {
    const path = this.#paths[this.#files[file] ?? 0] ?? "";
    const read = async () => readHdf5Tree(await this.context.files.read(path), path);
    const found = await read().catch((error) => {
      throw this.explain(error);
    });
    const datasets = this.#datasetsOf(path, found);
    const [rows = 0] = datasets[0]?.shape ?? [];
    this.#datasets = datasets.map((dataset) => ({ shape: dataset.shape, data: floatsOf(dataset) }));
    this.#file = file;
    this.#rows = Array.from({ length: rows }, (_, i) => i);
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
