import type { Database, DatabaseCursor } from "../../util/database.js";
import { check, MokaError } from "../../util/errors.js";
import type { Files } from "../../util/files.js";
import { compareBytes, damaged, recordType } from "./format.js";
import { compareEntries, logEntries } from "./log-entries.js";
import { readManifest, type TableInfo } from "./manifest.js";
import { type Entry, Table } from "./table.js";

/**
 * Opens the LevelDB in a folder for reading. Nothing in the folder is written or locked. (LevelDB itself converts logs
 * to tables, and takes a lock, even for reading.) No other process may write to the database at the same time; none
 * does with Caffe's data sets.
 *
 * @throws MokaError MOKA_FILE if the folder does not exist, MOKA_DATA if it holds no LevelDB or a damaged one
 */
export async function openLevelDb(files: Files, path: string): Promise<LevelDb> {
  const folder = path.replace(/\/+$/, "");
  if (!(await files.isFolder(path))) {
    await files.open(path).then((source) => source.close());
    throw new MokaError("MOKA_DATA", `${path}: a file, where a LevelDB is a folder`);
  }
  const names = await files.list(path);
  if (!names.includes("CURRENT")) {
    const isLmdb = names.includes("data.mdb") ? "it is an LMDB, not a LevelDB (backend: LMDB)" : "no LevelDB";
    throw new MokaError("MOKA_DATA", `${path}: ${isLmdb}`);
  }
  const current = (await files.readText(`${folder}/CURRENT`)).trim();
  if (!names.includes(current)) throw damaged(path, `its CURRENT names "${current}", which is not there`);
  const { levels, logNumber, previousLog } = await readFrom(files, `${folder}/${current}`, readManifest);

  const logs = names.filter((name) => {
    const number = Number(/^(\d+)\.log$/.exec(name)?.[1] ?? Number.NaN);
    return number >= logNumber || (number === previousLog && number > 0);
  });
  const logged: Entry[] = [];
  for (const log of logs.sort()) logged.push(...(await readFrom(files, `${folder}/${log}`, logEntries)));
  return new LevelDb(files, path, names, levels, logged.sort(compareEntries));
}

async function readFrom<T>(
  files: Files,
  path: string,
  read: (source: Awaited<ReturnType<Files["open"]>>, name: string) => T,
): Promise<T> {
  const source = await files.open(path);
  try {
    return read(source, path);
  } finally {
    source.close();
  }
}

/** A database of records sorted by key. */
export class LevelDb implements Database {
  readonly name: string;
  readonly #files: Files;
  readonly #names: ReadonlySet<string>;
  readonly #levels: readonly (readonly TableInfo[])[];
  readonly #logged: readonly Entry[];
  readonly #cursors: LevelDbCursor[] = [];

  constructor(
    files: Files,
    name: string,
    names: readonly string[],
    levels: readonly (readonly TableInfo[])[],
    logged: readonly Entry[],
  ) {
    this.name = name;
    this.#files = files;
    this.#names = new Set(names);
    this.#levels = levels;
    this.#logged = logged;
  }

  cursor(): LevelDbCursor {
    const open = (info: TableInfo) => this.#open(info);
    const [overlapping = [], ...levels] = this.#levels;
    // Each run is sorted; the cursor merges them.
    const runs = [
      new LogRun(this.#logged),
      ...overlapping.map((info) => new TablesRun([info], open)),
      ...levels.map(
        (infos) =>
          new TablesRun(
            infos.toSorted((a, b) => compareBytes(a.smallest, b.smallest)),
            open,
          ),
      ),
    ];
    const cursor = new LevelDbCursor(this.name, runs);
    this.#cursors.push(cursor);
    return cursor;
  }

  close(): void {
    for (const cursor of this.#cursors) cursor.close();
  }

  async #open({ number, size }: TableInfo): Promise<Table> {
    const digits = String(number).padStart(6, "0");
    const name = [`${digits}.ldb`, `${digits}.sst`].find((candidate) => this.#names.has(candidate));
    if (!name) throw damaged(this.name, `its table ${digits}.ldb is missing`);
    const path = `${this.name.replace(/\/+$/, "")}/${name}`;
    const source = await this.#files.open(path);
    try {
      if (source.size < size) throw damaged(path, `it has ${source.size} bytes of ${size}`);
      return new Table(source, path);
    } catch (error) {
      source.close();
      throw error;
    }
  }
}

/** A sorted part of a database. */
interface Run {
  readonly entry: Entry | undefined;
  /** Goes to the first record whose key is not less than `from`, or to the first of all. */
  start(from?: Uint8Array): void | Promise<void>;
  next(): void | Promise<void>;
  close(): void;
}

class LogRun implements Run {
  readonly #entries: readonly Entry[];
  #at = 0;

  constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  get entry(): Entry | undefined {
    return this.#entries[this.#at];
  }

  start(from?: Uint8Array): void {
    const at = from ? this.#entries.findIndex(({ key }) => compareBytes(key, from) >= 0) : 0;
    this.#at = at < 0 ? this.#entries.length : at;
  }

  next(): void {
    this.#at += 1;
  }

  close(): void {}
}

/** Tables one after the other; one is open at a time. */
class TablesRun implements Run {
  readonly #infos: readonly TableInfo[];
  readonly #open: (info: TableInfo) => Promise<Table>;
  #at = 0;
  #table: Table | undefined;
  #entries: Generator<Entry> | undefined;
  entry: Entry | undefined;

  constructor(infos: readonly TableInfo[], open: (info: TableInfo) => Promise<Table>) {
    this.#infos = infos;
    this.#open = open;
  }

  async start(from?: Uint8Array): Promise<void> {
    this.close();
    const at = from ? this.#infos.findIndex(({ largest }) => compareBytes(largest, from) >= 0) : 0;
    this.#at = at < 0 ? this.#infos.length : at;
    await this.#openTable(from);
  }

  next(): void | Promise<void> {
    this.entry = this.#entries?.next().value ?? undefined;
    if (this.entry || !this.#table) return;
    this.#at += 1;
    return this.#openTable();
  }

  close(): void {
    this.#table?.close();
    this.#table = undefined;
    this.#entries = undefined;
    this.entry = undefined;
  }

  async #openTable(from?: Uint8Array): Promise<void> {
    for (; ; this.#at++) {
      this.close();
      const info = this.#infos[this.#at];
      if (!info) return;
      this.#table = await this.#open(info);
      this.#entries = this.#table.entries(from);
      this.entry = this.#entries.next().value ?? undefined;
      if (this.entry) return;
    }
  }
}

/** Merges the runs: the newest record of each key, except deleted ones. */
export class LevelDbCursor implements DatabaseCursor {
  readonly #name: string;
  readonly #runs: readonly Run[];
  #current: Entry | undefined;
  #position = 0;

  constructor(name: string, runs: readonly Run[]) {
    this.#name = name;
    this.#runs = runs;
  }

  get valid(): boolean {
    return this.#current !== undefined;
  }

  get position(): number {
    return this.#position;
  }

  get key(): Uint8Array {
    return this.#entry().key;
  }

  get value(): Uint8Array {
    return this.#entry().value;
  }

  async first(): Promise<boolean> {
    await this.#start();
    this.#position = 0;
    return this.valid;
  }

  next(): boolean | Promise<boolean> {
    const { key } = this.#entry();
    this.#position += 1;
    const waiting = this.#goToNextRecord(key);
    return waiting ? waiting.then(() => this.valid) : this.valid;
  }

  async seek(position: number, key: Uint8Array): Promise<boolean> {
    await this.#start(key);
    this.#position = position;
    return this.#current !== undefined && compareBytes(this.#current.key, key) === 0;
  }

  close(): void {
    for (const run of this.#runs) run.close();
    this.#current = undefined;
  }

  async #start(from?: Uint8Array): Promise<void> {
    this.#current = undefined;
    for (const run of this.#runs) await run.start(from);
    await this.#goToNextRecord(undefined);
  }

  /** Goes to the first record after key `done` that is not deleted. Returns a promise if a table must be opened. */
  #goToNextRecord(done: Uint8Array | undefined): Promise<void> | undefined {
    let passed = done;
    for (;;) {
      let least: Run | undefined;
      for (const run of this.#runs) {
        if (run.entry && (!least?.entry || compareEntries(run.entry, least.entry) < 0)) least = run;
      }
      const entry = least?.entry;
      if (!least || !entry) {
        this.#current = undefined;
        return undefined;
      }
      const isOlder = passed !== undefined && compareBytes(entry.key, passed) === 0;
      if (!isOlder && Number(entry.trailer & 255n) === recordType.value) {
        this.#current = entry;
        return undefined;
      }
      passed = entry.key;
      const waiting = least.next();
      if (waiting) return waiting.then(() => this.#goToNextRecord(passed));
    }
  }

  #entry(): Entry {
    check(this.#current, "MOKA_USAGE", `${this.#name}: the cursor has no current record`);
    return this.#current;
  }
}
