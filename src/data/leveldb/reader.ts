import { compareBytes } from "../../util/bytes.js";
import type { Database, DatabaseCursor } from "../../util/database.js";
import { check, MokaError } from "../../util/errors.js";
import { type Files, readFrom } from "../../util/files.js";
import { damaged, recordType } from "./format.js";
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
export async function openLevelDb(files: Files, path: string): Promise<Database> {
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
  if (current === "") throw damaged(path, "its CURRENT is empty, where it names the database's manifest");
  if (!names.includes(current)) throw damaged(path, `its CURRENT names "${current}", which is not there`);
  const { levels, logNumber, previousLog } = await readFrom(files, `${folder}/${current}`, readManifest);

  const logs = names.filter((name) => {
    const number = Number(/^(\d+)\.log$/.exec(name)?.[1] ?? Number.NaN);
    return number >= logNumber || (number === previousLog && number > 0);
  });
  const logged: Entry[] = [];
  for (const log of logs.sort()) logged.push(...(await readFrom(files, `${folder}/${log}`, logEntries)));
  logged.sort(compareEntries);

  const open = async ({ number, size }: TableInfo): Promise<Table> => {
    const digits = String(number).padStart(6, "0");
    const name = [`${digits}.ldb`, `${digits}.sst`].find((candidate) => names.includes(candidate));
    if (!name) throw damaged(path, `its table ${digits}.ldb is missing`);
    return openTable(files, `${folder}/${name}`, size);
  };
  const [overlapping = [], ...sorted] = levels;
  const cursors: LevelDbCursor[] = [];
  return {
    name: path,
    cursor() {
      // Each run is sorted; the cursor merges them.
      const tables = [
        ...overlapping.map((info) => [info]),
        ...sorted.map((infos) => infos.toSorted((a, b) => compareBytes(a.smallest, b.smallest))),
      ];
      const cursor = new LevelDbCursor(path, [logRun(logged), ...tables.map((infos) => new TablesRun(infos, open))]);
      cursors.push(cursor);
      return cursor;
    },
    close() {
      for (const cursor of cursors) cursor.close();
    },
  };
}

async function openTable(files: Files, path: string, size: number): Promise<Table> {
  const source = await files.open(path);
  try {
    if (source.size < size) throw damaged(path, `it has ${source.size} bytes of ${size}`);
    return new Table(source, path);
  } catch (error) {
    source.close();
    throw error;
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

function logRun(entries: readonly Entry[]): Run {
  let at = 0;
  return {
    get entry() {
      return entries[at];
    },
    start(from) {
      at = firstIndex(entries, ({ key }) => key, from);
    },
    next() {
      at += 1;
    },
    close() {},
  };
}

/** The index of the first item whose key is not less than `from`; the number of items if there is none. */
function firstIndex<T>(items: readonly T[], keyOf: (item: T) => Uint8Array, from: Uint8Array | undefined): number {
  const index = from ? items.findIndex((item) => compareBytes(keyOf(item), from) >= 0) : 0;
  return index < 0 ? items.length : index;
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
    this.#at = firstIndex(this.#infos, ({ largest }) => largest, from);
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
class LevelDbCursor implements DatabaseCursor {
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
