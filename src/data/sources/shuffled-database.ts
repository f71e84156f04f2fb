import type { Database, DatabaseCursor } from "../../util/database.js";
import { check } from "../../util/errors.js";
import { Random, type RandomState } from "../../util/random.js";
import type { LabeledImage } from "../labeled-image.js";
import { type BatchSource, ignoreRejection } from "../prefetch.js";
import { goToFirst, type ReadRecord, readItem } from "./database.js";
import { fieldsOf, type ImageItem, isIndex } from "./item.js";
import { itemsBefore, type Share, stepAfter, wholeSource } from "./share.js";

/** The next record of a pass, and the state of the generator that orders this pass. */
export interface ShuffledPosition {
  readonly item: number;
  readonly random: RandomState;
}

/**
 * The records of a database in random order, another in each pass, the same on all ranks. The first batch reads all keys. Of
 * several ranks each takes its share of a pass.
 */
export class ShuffledDatabaseSource<I extends LabeledImage = LabeledImage>
  implements BatchSource<ImageItem<I>, ShuffledPosition>
{
  readonly #name: string;
  readonly #db: Database;
  readonly #cursor: DatabaseCursor;
  readonly #batchSize: number;
  readonly #read: ReadRecord<I>;
  readonly #share: Share;
  readonly #random = new Random(0);
  #pass: RandomState = this.#random.state;
  #keys: readonly Uint8Array[] = [];
  #order: Int32Array = new Int32Array(0);
  #item = 0;

  constructor(name: string, db: Database, batchSize: number, read: ReadRecord<I>, share = wholeSource) {
    this.#name = name;
    this.#db = db;
    this.#cursor = db.cursor();
    this.#batchSize = batchSize;
    this.#read = read;
    this.#share = share;
  }

  /** Goes to the first record. It must be called before all other methods. */
  async start(): Promise<void> {
    await goToFirst(this.#cursor, this.#name);
  }

  /** Orders the first pass. It must be called before the first batch. */
  seed(seed: number): void {
    this.#random.restore(new Random(seed).state);
    this.#pass = this.#random.state;
  }

  get position(): ShuffledPosition {
    return { item: this.#item, random: this.#pass };
  }

  /** Reads the first record of the database. */
  async peek(): Promise<ImageItem<I>> {
    return this.#readItem(0, this.#cursor.value, false);
  }

  async collect(): Promise<readonly Promise<ImageItem<I>>[]> {
    await this.#readKeys();
    const items: Promise<ImageItem<I>>[] = [];
    while (items.length < this.#batchSize) {
      const record = this.#order[this.#item] ?? 0;
      check(
        await this.#cursor.seek(record, this.#keys[record] ?? new Uint8Array(0)),
        "MOKA_DATA",
        `${this.#name} has no record ${record} any more`,
      );
      const { value } = this.#cursor;
      const isLast = this.#move(stepAfter(this.#share, items.length + 1));
      items.push(ignoreRejection(this.#readItem(record, value, isLast)));
    }
    return items;
  }

  async enterShare(): Promise<void> {
    this.#item += itemsBefore(this.#share);
  }

  async moveTo(position: unknown): Promise<void> {
    const { item, random } = fieldsOf(position);
    check(isIndex(item), "MOKA_DATA", "the saved position names no record of a shuffled pass");
    this.#random.restore(fieldsOf(random) as unknown as RandomState);
    this.#pass = this.#random.state;
    this.#item = item;
    this.#order = new Int32Array(0);
  }

  close(): void {
    this.#db.close();
  }

  /** Reads the keys, if they are not known, and orders the pass, if it is not. */
  async #readKeys(): Promise<void> {
    if (this.#keys.length === 0) {
      const keys: Uint8Array[] = [];
      for (let more = await this.#cursor.first(); more; ) {
        keys.push(this.#cursor.key.slice());
        const next = this.#cursor.next();
        more = typeof next === "boolean" ? next : await next;
      }
      this.#keys = keys;
    }
    if (this.#order.length === 0) this.#orderPass();
    this.#move(0); // a share may begin behind the end of the pass
  }

  #orderPass(): void {
    this.#pass = this.#random.state;
    this.#order = Int32Array.from(this.#keys.keys());
    this.#random.shuffle(this.#order);
  }

  /** Moves past some records. Returns whether another pass began. */
  #move(records: number): boolean {
    this.#item += records;
    const isEnd = this.#item >= this.#keys.length;
    while (this.#item >= this.#keys.length) {
      this.#item -= this.#keys.length;
      this.#orderPass();
    }
    return isEnd;
  }

  #readItem(record: number, value: Uint8Array, isLast: boolean): Promise<ImageItem<I>> {
    return readItem(this.#name, record, value, isLast, this.#read);
  }
}
