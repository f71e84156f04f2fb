import { Layer } from "../../core/layer.js";
import type { Recorder } from "../../core/recorder.js";
import type { Tensor } from "../../core/tensor.js";
import { type Hdf5Array, writeHdf5 } from "../../data/hdf5.js";
import { formatShape, type Shape, sameShape } from "../../util/shape.js";
import { fourAxes } from "../common/four-axes.js";

/** The datasets, as Caffe names them. */
const names = ["data", "label"];

/**
 * Writes two blobs to an HDF5 file, as the datasets `data` and `label`.
 *
 * Bottoms: data and labels, of at most four axes, with the same first axis; no tops. Both datasets are
 * (rows, C, H, W); axes that a bottom lacks are 1. Gradient: 0.
 *
 * `hdf5_output_param`: `file_name`. Each forward adds its rows; Caffe aborts at the second one. Rows are kept in memory
 * until the net is disposed of. The file is written at the first forward, whenever the number of rows has doubled, and at
 * the end, each time as a whole, so that it is always complete. When the net is built, a temporary file beside it shows
 * whether it can be written; before the first forward the file itself is not written.
 *
 * Each of several ranks writes the rows of its own batches: rank 0 to `file_name`, rank 1 to a file beside it whose name ends
 * with `.rank1` before the extension, and so on. In Caffe all write the same file.
 */
export class HDF5OutputLayer extends Layer {
  static readonly type = "HDF5Output";
  static override readonly group = "data";
  override readonly bottomCount = 2;
  override readonly topCount = 0;
  readonly #file = fileOfRank(this.message.hdf5OutputParam?.fileName ?? "", this.ranks.communicator.rank);
  /** The shape of a row of each dataset. */
  #row: readonly Shape[] | undefined;
  #batches: (readonly Float32Array[])[] = [];
  #rows = 0;
  #written = 0;

  override async inspect(): Promise<void> {
    await this.#probe(true);
  }

  override async open(): Promise<void> {
    await this.#probe(false);
    const { rank, size } = this.ranks.communicator;
    if (size === 1 || rank > 0) return;
    const others = fileOfRank(this.#file, 1) + (size > 2 ? ` to ${fileOfRank(this.#file, size - 1)}` : "");
    const message = `${this.name}: ${this.#file} gets the rows of rank 0 alone; those of the other ranks go to ${others}`;
    this.context.log("warning", "moka:0", message);
  }

  async #probe(readOnly: boolean): Promise<void> {
    this.check(this.#file !== "", "MOKA_FIELD", "hdf5_output_param.file_name must be given");
    await this.context.files.probe(this.#file, { readOnly });
  }

  override topShapes(bottom: readonly Shape[]): readonly Shape[] {
    const [data, label] = bottom.map((shape) => fourAxes(this, shape)[0]);
    this.check(
      data === label,
      "MOKA_SHAPE",
      `both bottoms must have the same first axis; they are ${bottom.map(formatShape).join(" and ")}`,
    );
    return [];
  }

  override forward(k: Recorder, bottom: readonly Tensor[]): void {
    k.host("write rows", () => this.#add(bottom), { reads: bottom.map(({ data }) => data) });
  }

  override backward(k: Recorder, _top: readonly Tensor[], wanted: readonly boolean[], bottom: readonly Tensor[]): void {
    bottom.forEach((x, i) => {
      if (wanted[i]) k.fill({ y: x.diff, value: 0 });
    });
  }

  override async close(): Promise<void> {
    if (this.#rows > this.#written) await this.#write();
  }

  async #add(bottom: readonly Tensor[]): Promise<void> {
    const shapes = bottom.map(({ shape }) => fourAxes(this, shape));
    const [rows] = shapes[0] ?? [0];
    if (rows === 0) return;
    const row = shapes.map((shape) => shape.slice(1));
    row.forEach((shape, i) => {
      const before = this.#row?.[i] ?? shape;
      this.check(
        sameShape(shape, before),
        "MOKA_SHAPE",
        `rows of "${names[i]}" have shape ${formatShape(shape)} now, those before ${formatShape(before)}`,
      );
    });
    this.#row = row;
    this.#batches.push(bottom.map(({ data }) => Float32Array.from(data.array)));
    this.#rows += rows;
    if (this.#rows >= 2 * this.#written) await this.#write();
  }

  async #write(): Promise<void> {
    const { files, log } = this.context;
    log("info", "hdf5_output_layer.cpp:33", `Saving HDF5 file ${this.#file}`);
    const arrays = names.map((_, i) => joined(this.#batches.map((batch) => batch[i] ?? new Float32Array(0))));
    this.#batches = [arrays];
    const datasets = names.map((name, i): [string, Hdf5Array] => [
      name,
      { shape: [this.#rows, ...(this.#row?.[i] ?? [])], data: arrays[i] ?? new Float32Array(0) },
    ]);
    try {
      await files.write(this.#file, await writeHdf5(new Map(datasets)));
    } catch (error) {
      throw this.explain(error);
    }
    this.#written = this.#rows;
    log("info", "hdf5_output_layer.cpp:38", `Successfully saved ${this.#rows} rows`);
  }
}

/** The file that a rank writes: `out.h5`, `out.rank1.h5`, …. */
function fileOfRank(file: string, rank: number): string {
  if (rank === 0 || file === "") return file;
  const [, stem, extension = ""] = /^(.*?[^/]+?)(\.[^./]*)?$/s.exec(file) ?? [];
  return stem === undefined ? file : `${stem}.rank${rank}${extension}`;
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((count, part) => count + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
