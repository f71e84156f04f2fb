import { check, MokaError } from "../../util/errors.js";
import { Random, type RandomState } from "../../util/random.js";
import { withLabel } from "../labeled-image.js";
import { type BatchSource, ignoreRejection } from "../prefetch.js";
import type { ImageReader } from "./image-reader.js";
import { fieldsOf, type ImageItem, isIndex, isOrder } from "./item.js";
import { itemsBefore, type Share, stepAfter, wholeSource } from "./share.js";

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
    const whole = line.trimEnd();
    if (whole.trim() === "") return undefined;
    const space = Math.max(whole.lastIndexOf(" "), whole.lastIndexOf("\t"));
    const [file, label] = [whole.slice(0, Math.max(0, space)).trimEnd(), whole.slice(space + 1)];
    if (file !== "" && /^[-+]?\d+$/.test(label) && Math.abs(Number(label)) < 2 ** 31)
      return { file, label: Number(label) };
    const reason = `expected a file, a space and a label, a whole number; came ${JSON.stringify(whole.slice(0, 200))}`;
    throw new MokaError("MOKA_DATA", reason, { place: { file: name, line: index + 1, column: 1 } });
  });
}

/** A position in a list: the next line of this round, and what orders this round and the next ones. */
export interface ListPosition {
  readonly line: number;
  readonly shuffled?: ShuffledRound | undefined;
}

/** A round in an order of its own, as plain JSON. */
interface ShuffledRound {
  /** The images by their index in the list. It is replaced, never changed, so that positions may hold it. */
  readonly order: readonly number[];
  /** The generator that shuffles, as this round left it. */
  readonly random: RandomState;
}

/**
 * The images of a list, again and again; with a `seed`, each round has another order, which is the same on all ranks. Of
 * several ranks each reads its share.
 */
export class ImageListSource implements BatchSource<ImageItem, ListPosition> {
  readonly #listed: readonly ListedImage[];
  readonly #batchSize: number;
  readonly #reader: Pick<ImageReader, "read">;
  readonly #random: Random | undefined;
  readonly #share: Share;
  #shuffled: ShuffledRound | undefined;
  #line = 0;

  /** @param seed seed of the generator that shuffles; without it, the order is the list's */
  constructor(
    listed: readonly ListedImage[],
    batchSize: number,
    reader: Pick<ImageReader, "read">,
    seed?: number,
    share = wholeSource,
  ) {
    this.#listed = listed;
    this.#batchSize = batchSize;
    this.#reader = reader;
    this.#random = seed === undefined ? undefined : new Random(seed);
    this.#share = share;
    this.#startRound();
  }

  get position(): ListPosition {
    return { line: this.#line, shuffled: this.#shuffled };
  }

  /** Begins the first round after this number of lines. */
  skip(lines: number): void {
    check(lines < this.#listed.length, "MOKA_DATA", `${lines} images to skip of ${this.#listed.length}`);
    this.#line = lines;
  }

  /** Reads the current image, and stays there. */
  async peek(): Promise<ImageItem> {
    return this.#item(this.#current(), false);
  }

  async collect(): Promise<readonly Promise<ImageItem>[]> {
    return Array.from({ length: this.#batchSize }, (_, i) => {
      const listed = this.#current();
      const isLast = this.#pass(stepAfter(this.#share, i + 1));
      return ignoreRejection(this.#item(listed, isLast));
    });
  }

  async enterShare(): Promise<void> {
    this.#pass(itemsBefore(this.#share));
  }

  async moveTo(position: unknown): Promise<void> {
    const { line, shuffled } = fieldsOf(position);
    const { order, random } = fieldsOf(shuffled);
    const count = this.#listed.length;
    check(
      isIndex(line, count - 1) && (shuffled === undefined || isOrder(order, count)),
      "MOKA_DATA",
      `the saved position is in no list of ${count} images`,
    );
    check((shuffled === undefined) === !this.#random, "MOKA_DATA", "shuffle was different when it was saved");
    this.#random?.restore(random as RandomState);
    this.#shuffled = shuffled as ShuffledRound | undefined;
    this.#line = line;
  }

  #current(): ListedImage {
    return this.#listed[this.#shuffled?.order[this.#line] ?? this.#line] as ListedImage;
  }

  /** Moves past some lines. Returns whether a new round began. */
  #pass(lines: number): boolean {
    this.#line += lines;
    const isEnd = this.#line >= this.#listed.length;
    while (this.#line >= this.#listed.length) {
      const beyond = this.#line - this.#listed.length;
      this.#startRound();
      this.#line = beyond;
    }
    return isEnd;
  }

  /** Begins the next round. As in Caffe, the previous order is shuffled. */
  #startRound(): void {
    this.#line = 0;
    if (!this.#random) return;
    const order = this.#shuffled?.order.slice() ?? [...this.#listed.keys()];
    this.#random.shuffle(order);
    this.#shuffled = { order, random: this.#random.state };
  }

  async #item({ file, label }: ListedImage, isLast: boolean): Promise<ImageItem> {
    return { what: file, image: withLabel(await this.#reader.read(file), label), isLast };
  }
}
