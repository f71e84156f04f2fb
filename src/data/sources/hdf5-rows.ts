import { check } from "../../util/errors.js";
import { LibraryRandom } from "../../util/random/c-library.js";
import { fieldsOf, isIndex, isOrder } from "./item.js";
import { itemsBefore, type Share, stepAfter } from "./share.js";

/** Files of rows, by their index in the list. */
export interface RowFiles {
  readonly count: number;
  /** Loads a file, and returns the number of its rows, which is not 0. */
  load(file: number): Promise<number>;
  /** The number of rows of a file that is not loaded. */
  countRows(file: number): Promise<number>;
}

/** A position as plain JSON; with `shuffle` also the order of the files and of the current file's rows. */
export interface RowPosition {
  /** The index of the current file in the order of the files. */
  readonly file: number;
  readonly row: number;
  readonly files?: readonly number[];
  readonly rows?: readonly number[];
  readonly random?: readonly number[];
}

/**
 * The rows of files, one file after the other; after the last row of the last file, the first row of the first follows. With a
 * generator, the rows of each file, and the files, are shuffled in each pass, as Caffe does. Of several ranks each takes its
 * share: a file of which it takes no row is not loaded.
 */
export class RowSource {
  readonly #source: RowFiles;
  readonly #share: Share;
  #random: LibraryRandom | undefined;
  /** The order in which the files are taken. It is replaced, never changed. */
  #files: readonly number[];
  #file = 0;
  /** The order in which the current file's rows are taken. It is replaced, never changed. */
  #rows: readonly number[] = [];
  #row = 0;

  /** @param random the generator that shuffles; without it, the order is that of the list and the files */
  constructor(source: RowFiles, share: Share, random?: LibraryRandom) {
    this.#source = source;
    this.#share = share;
    this.#random = random;
    this.#files = range(source.count);
  }

  /**
   * Loads the first file. If there are several ranks, later orders come from a copy of the generator: other layers that
   * shuffle may then draw at other times on other ranks.
   */
  async start(): Promise<void> {
    this.#shuffleFiles();
    await this.#load(0);
    this.#shuffleRows();
    if (this.#random && this.#share.size > 1) this.#random = LibraryRandom.of(this.#random.state);
  }

  /** Moves from where all ranks stand together to the first row of this rank's share. */
  async enterShare(): Promise<void> {
    await this.#pass(itemsBefore(this.#share));
  }

  /** The number of rows of a pass, if it is known without opening further files. */
  get count(): number | undefined {
    return this.#source.count === 1 ? this.#rows.length : undefined;
  }

  /** The index of the current row in the file that was loaded last. */
  get row(): number {
    return this.#rows[this.#row] ?? 0;
  }

  /**
   * Goes to the next row of the share, after the row that was number `taken` of its batch, counted from 1. Returns a promise
   * only if a file ends.
   */
  next(taken: number): void | Promise<void> {
    const step = stepAfter(this.#share, taken);
    if (this.#row + step >= this.#rows.length) return this.#pass(step);
    this.#row += step;
  }

  get position(): RowPosition {
    const place = { file: this.#file, row: this.#row };
    if (!this.#random) return place;
    return { ...place, files: this.#files, rows: this.#rows, random: this.#random.state };
  }

  /**
   * Goes back to a saved position; after an error, the position is unchanged.
   *
   * @param isShared whether all ranks stood there together, so that each goes on to its own share
   * @throws MokaError MOKA_DATA if it is not a position, or does not exist in the files
   */
  async moveTo(position: unknown, isShared: boolean): Promise<void> {
    const { file, row, files, rows, random } = fieldsOf(position);
    const { count } = this.#source;
    const isShuffled = this.#random !== undefined;
    check(
      isIndex(file, count - 1) && (!isShuffled || isOrder(files, count)),
      "MOKA_DATA",
      `the saved position is in no list of ${count} files`,
    );
    const before = { files: this.#files, file: this.#file, rows: this.#rows, row: this.#row };
    const drawn = this.#random?.state;
    try {
      if (isShuffled) this.#files = files as number[];
      await this.#load(file);
      check(
        isIndex(row, this.#rows.length - 1) && (!isShuffled || isOrder(rows, this.#rows.length)),
        "MOKA_DATA",
        `the saved position is in no file of ${this.#rows.length} rows`,
      );
      this.#random?.restore(random);
      if (isShuffled) this.#rows = rows as number[];
      this.#row = row;
      if (isShared) await this.enterShare();
    } catch (error) {
      this.#files = before.files;
      await this.#load(before.file);
      this.#rows = before.rows;
      this.#row = before.row;
      this.#random?.restore(drawn);
      throw error;
    }
  }

  async #pass(rows: number): Promise<void> {
    this.#row += rows;
    while (this.#row >= this.#rows.length) {
      const beyond = this.#row - this.#rows.length;
      await this.#startFile(beyond);
      this.#row = beyond;
    }
  }

  /**
   * Goes to the next file, of which row `first` is the first that is taken: if it has fewer, it is not loaded. With several
   * files, the rows of each new file are shuffled twice, as in Caffe.
   */
  async #startFile(first: number): Promise<void> {
    const { count } = this.#source;
    if (count > 1) {
      const isLast = this.#file === count - 1;
      if (isLast) this.#shuffleFiles();
      const file = isLast ? 0 : this.#file + 1;
      const rows = first > 0 ? await this.#source.countRows(this.#index(file)) : undefined;
      if (rows !== undefined && first >= rows) this.#enter(file, rows);
      else await this.#load(file);
      this.#shuffleRows();
    }
    this.#shuffleRows();
  }

  async #load(file: number): Promise<void> {
    this.#enter(file, await this.#source.load(this.#index(file)));
  }

  #enter(file: number, rows: number): void {
    this.#file = file;
    this.#rows = range(rows);
  }

  #index(file: number): number {
    return this.#files[file] ?? 0;
  }

  #shuffleFiles(): void {
    if (this.#random) this.#files = shuffled(this.#files, this.#random);
  }

  #shuffleRows(): void {
    if (this.#random) this.#rows = shuffled(this.#rows, this.#random);
  }
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function shuffled(order: readonly number[], random: LibraryRandom): readonly number[] {
  const items = [...order];
  random.shuffle(items);
  return items;
}
