import { check, MokaError } from "../../util/errors.js";
import { Random } from "../../util/random.js";
import { withLabel } from "../labeled-image.js";
import { type BatchSource, ignoreRejection } from "../prefetch.js";
import type { ImageReader } from "./image-reader.js";
import { fieldsOf, type ImageItem, isIndex } from "./item.js";

/** A line of a list: a file and its label. */
export interface ListedImage {
  readonly file: string;
  readonly label: number;
}

/** The lines of a list; undefined stands for a blank one. */
export type ImageList = readonly (ListedImage | undefined)[];

/**
 * Reads a list of images as ImageData and convert_imageset take it: each line has a file's name, blanks, and a label, an
 * integer of 32 bits. The last blank separates them, so a name may have blanks. Blanks (spaces, tabs) may follow the label.
 * Blank lines at the end do not count.
 *
 * In Caffe only a space separates, blanks after the label become a part of the name, and the label is 0 if it is missing
 * or no number, and 1 if it is 1.5.
 *
 * @param name the list's name in errors
 * @throws MokaError MOKA_DATA at the line without a name or an integer, or if no line has any
 */
export function parseImageList(text: string, name: string): ImageList {
  const lines = text.trimEnd();
  check(lines !== "", "MOKA_DATA", `${name}: the list is empty`);
  return lines.split("\n").map((line, index) => {
    if (line.trim() === "") return undefined;
    const [, file = "", label] = /^(.*\S)[ \t]+([-+]?\d+)[ \t\r]*$/s.exec(line) ?? [];
    if (label !== undefined && Math.abs(Number(label)) < 2 ** 31) return { file, label: Number(label) };
    const reason = `expected a file, a space and a label, a whole number; came ${JSON.stringify(line.trimEnd())}`;
    throw new MokaError("MOKA_DATA", reason, { place: { file: name, line: index + 1, column: 1 } });
  });
}

/** A position in a list: the number of completed rounds, each with its own order, and the next line. */
export interface ListPosition {
  /** Seed of the generator that shuffles. */
  readonly seed?: number | undefined;
  readonly round: number;
  readonly line: number;
}

/** The images of a list, again and again; with a `seed`, each round has another order. */
export class ImageListSource implements BatchSource<ImageItem, ListPosition> {
  readonly #listed: readonly ListedImage[];
  readonly #batchSize: number;
  readonly #reader: ImageReader;
  #order: ListedImage[] = [];
  #random: Random | undefined;
  #seed: number | undefined;
  #round = 0;
  #line = 0;

  /** @param seed seed of the generator that shuffles; without it, the order is the list's */
  constructor(listed: readonly ListedImage[], batchSize: number, reader: ImageReader, seed?: number) {
    this.#listed = listed;
    this.#batchSize = batchSize;
    this.#reader = reader;
    this.#begin(seed, 0);
  }

  get position(): ListPosition {
    return { seed: this.#seed, round: this.#round, line: this.#line };
  }

  /** Begins the first round after this number of lines. */
  skip(lines: number): void {
    check(lines < this.#order.length, "MOKA_DATA", `${lines} images to skip of ${this.#order.length}`);
    this.#line = lines;
  }

  /** Reads the current image, and stays there. */
  async peek(): Promise<ImageItem> {
    return this.#item(this.#order[this.#line] as ListedImage, false);
  }

  async collect(): Promise<readonly Promise<ImageItem>[]> {
    return Array.from({ length: this.#batchSize }, () => {
      const listed = this.#order[this.#line] as ListedImage;
      this.#line += 1;
      const isLast = this.#line === this.#order.length;
      if (isLast) this.#startRound();
      return ignoreRejection(this.#item(listed, isLast));
    });
  }

  async moveTo(position: unknown): Promise<void> {
    const { seed, round, line } = fieldsOf(position);
    check(
      isIndex(round, 2 ** 32) &&
        isIndex(line, this.#order.length - 1) &&
        (seed === undefined || isIndex(seed, 2 ** 32)),
      "MOKA_DATA",
      `the saved position is in no list of ${this.#order.length} images`,
    );
    check((seed === undefined) === (this.#seed === undefined), "MOKA_DATA", "shuffle was different when it was saved");
    this.#begin(seed, round);
    this.#line = line;
  }

  #begin(seed: number | undefined, round: number): void {
    this.#seed = seed;
    this.#random = seed === undefined ? undefined : new Random(seed);
    this.#order = [...this.#listed];
    this.#round = 0;
    this.#random?.shuffle(this.#order);
    if (this.#random) while (this.#round < round) this.#startRound();
    this.#round = round;
  }

  /** Begins the next round. As in Caffe, the previous order is shuffled. */
  #startRound(): void {
    this.#line = 0;
    this.#round += 1;
    this.#random?.shuffle(this.#order);
  }

  async #item({ file, label }: ListedImage, isLast: boolean): Promise<ImageItem> {
    return { what: file, image: withLabel(await this.#reader.read(file), label), isLast };
  }
}
