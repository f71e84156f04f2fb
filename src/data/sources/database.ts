import type { Database, DatabaseCursor } from "../../util/database.js";
import { check } from "../../util/errors.js";
import type { LabeledImage } from "../labeled-image.js";
import { type BatchSource, ignoreRejection } from "../prefetch.js";
import { fieldsOf, type ImageItem, isIndex, withSubject } from "./item.js";
import { itemsBefore, type Share, stepAfter, wholeSource } from "./share.js";

/** The index of a record, and its key, in which each character is one byte. */
export interface RecordPosition {
  readonly record: number;
  readonly key: string;
}

/** Makes the image of a record's value. */
export type ReadRecord<I extends LabeledImage = LabeledImage> = (value: Uint8Array) => Promise<I>;

/** Reads a record as an item of a batch. */
export async function readItem<I extends LabeledImage>(
  name: string,
  record: number,
  value: Uint8Array,
  isLast: boolean,
  read: ReadRecord<I>,
): Promise<ImageItem<I>> {
  const what = `record ${record} of ${name}`;
  try {
    return { what, image: await read(value), isLast };
  } catch (error) {
    throw withSubject(what, error);
  }
}

/** Goes to the first record of a database, which must have one. */
export async function goToFirst(cursor: DatabaseCursor, name: string): Promise<void> {
  check(await cursor.first(), "MOKA_DATA", `the database ${name} is empty`);
}

/**
 * The records of a database in the order of their keys; after the last, the first follows again. Of several ranks each takes
 * its share: the cursor moves past the other records, whose values are not read.
 */
export class DatabaseSource<I extends LabeledImage = LabeledImage>
  implements BatchSource<ImageItem<I>, RecordPosition>
{
  readonly #name: string;
  readonly #db: Database;
  readonly #cursor: DatabaseCursor;
  readonly #batchSize: number;
  readonly #read: ReadRecord<I>;
  readonly #share: Share;

  /** @param name the database's name in messages */
  constructor(name: string, db: Database, batchSize: number, read: ReadRecord<I>, share = wholeSource) {
    this.#name = name;
    this.#db = db;
    this.#cursor = db.cursor();
    this.#batchSize = batchSize;
    this.#read = read;
    this.#share = share;
  }

  /** Goes to the first record of all. It must be called before all other methods. */
  async start(): Promise<void> {
    await goToFirst(this.#cursor, this.#name);
  }

  get position(): RecordPosition {
    const { position, key } = this.#cursor;
    return { record: position, key: String.fromCharCode(...key) };
  }

  /** Reads the current record, and stays there. */
  async peek(): Promise<ImageItem<I>> {
    return this.#item(this.#cursor.position, this.#cursor.value, false);
  }

  async collect(): Promise<readonly Promise<ImageItem<I>>[]> {
    const cursor = this.#cursor;
    const items: Promise<ImageItem<I>>[] = [];
    while (items.length < this.#batchSize) {
      const { position, value } = cursor;
      const moved = this.#pass(stepAfter(this.#share, items.length + 1));
      const isLast = typeof moved === "boolean" ? moved : await moved;
      items.push(ignoreRejection(this.#item(position, value, isLast)));
    }
    return items;
  }

  async enterShare(): Promise<void> {
    await this.#pass(itemsBefore(this.#share));
  }

  async moveTo(position: unknown): Promise<void> {
    const { record, key } = fieldsOf(position);
    check(isIndex(record) && typeof key === "string", "MOKA_DATA", "the saved position names no record");
    const bytes = Uint8Array.from(key, (letter) => letter.charCodeAt(0));
    const isThere = await this.#cursor.seek(record, bytes);
    check(isThere, "MOKA_DATA", `${this.#name} has no record ${record} with key ${JSON.stringify(key)} any more`);
  }

  close(): void {
    this.#db.close();
  }

  /** Moves past some records. Returns whether the first record followed the last one. */
  #pass(records: number): boolean | Promise<boolean> {
    const cursor = this.#cursor;
    for (let left = records; left > 0; left--) {
      const next = cursor.next();
      if (next !== true) return this.#passEnd(next, left);
    }
    return false;
  }

  /** Moves past `left` records, for the first of which `next` is already called. */
  async #passEnd(next: boolean | Promise<boolean>, left: number): Promise<boolean> {
    const isEnd = !(await next);
    if (isEnd) await this.#cursor.first();
    const endsLater = await this.#pass(left - 1);
    return isEnd || endsLater;
  }

  #item(record: number, value: Uint8Array, isLast: boolean): Promise<ImageItem<I>> {
    return readItem(this.#name, record, value, isLast, this.#read);
  }
}
