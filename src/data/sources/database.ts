import type { Database, DatabaseCursor } from "../../util/database.js";
import { check } from "../../util/errors.js";
import type { LabeledImage } from "../labeled-image.js";
import { type BatchSource, ignoreRejection } from "../prefetch.js";
import { fieldsOf, type ImageItem, isIndex, withSubject } from "./item.js";

/** The index of a record, and its key, in which each character is one byte. */
export interface RecordPosition {
  readonly record: number;
  readonly key: string;
}

/** Makes the image of a record's value. */
export type ReadRecord = (value: Uint8Array) => Promise<LabeledImage>;

/** The records of a database in the order of their keys; after the last, the first follows again. */
export class DatabaseSource implements BatchSource<ImageItem, RecordPosition> {
  readonly #name: string;
  readonly #db: Database;
  readonly #cursor: DatabaseCursor;
  readonly #batchSize: number;
  readonly #read: ReadRecord;

  /** @param name the database's name in messages */
  constructor(name: string, db: Database, batchSize: number, read: ReadRecord) {
    this.#name = name;
    this.#db = db;
    this.#cursor = db.cursor();
    this.#batchSize = batchSize;
    this.#read = read;
  }

  /** Goes to the first record. It must be called before all other methods. */
  async start(): Promise<void> {
    check(await this.#cursor.first(), "MOKA_DATA", `the database ${this.#name} is empty`);
  }

  get position(): RecordPosition {
    const { position, key } = this.#cursor;
    return { record: position, key: String.fromCharCode(...key) };
  }

  /** Reads the current record, and stays there. */
  async peek(): Promise<ImageItem> {
    return this.#item(this.#cursor.position, this.#cursor.value, false);
  }

  async collect(): Promise<readonly Promise<ImageItem>[]> {
    const cursor = this.#cursor;
    const items: Promise<ImageItem>[] = [];
    while (items.length < this.#batchSize) {
      const { position, value } = cursor;
      const next = cursor.next();
      const isLast = !(typeof next === "boolean" ? next : await next);
      items.push(ignoreRejection(this.#item(position, value, isLast)));
      if (isLast) await cursor.first();
    }
    return items;
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

  async #item(record: number, value: Uint8Array, isLast: boolean): Promise<ImageItem> {
    const what = `record ${record} of ${this.#name}`;
    try {
      return { what, image: await this.#read(value), isLast };
    } catch (error) {
      throw withSubject(what, error);
    }
  }
}
