import type { Database, DatabaseRecord } from "../util/database.js";
import { check } from "../util/errors.js";
import type { Files } from "../util/files.js";

/** Caffe's two kinds of database, by their names on the command line. */
export type Backend = "lmdb" | "leveldb";

/**
 * Opens a database for reading. Nothing in its folder is changed. The reader is imported only when it is called, because
 * many runs open no database.
 *
 * @throws MokaError MOKA_FILE if it does not exist, MOKA_DATA if it is damaged or not such a database
 */
export async function openDatabase(files: Files, backend: Backend, path: string): Promise<Database> {
  if (backend === "lmdb") return (await import("./lmdb/reader.js")).openLmdb(files, path);
  return (await import("./leveldb/reader.js")).openLevelDb(files, path);
}

/** Writes records, which must come in the order of their keys. The database is complete when `finish` resolves. */
export interface DatabaseWriter {
  add(key: DatabaseRecord["key"], value: Uint8Array): void | Promise<void>;
  finish(): Promise<void>;
}

/**
 * Begins a new database in a folder. The first record creates the folder if it does not exist: work that finds no record leaves
 * nothing. An LMDB stays in memory until it is finished; a LevelDB is written table by table.
 *
 * @throws MokaError MOKA_FILE if the folder holds a database already, as Caffe's converters do
 */
export async function createDatabase(files: Files, backend: Backend, folder: string): Promise<DatabaseWriter> {
  await checkNoDatabase(files, folder);
  let begun: Promise<DatabaseWriter> | undefined;
  const begin = () => {
    begun ??= files.makeFolder(folder).then(() => writerOf(files, backend, folder));
    return begun;
  };
  return {
    add: async (key, value) => (await begin()).add(key, value),
    finish: async () => (await begin()).finish(),
  };
}

async function writerOf(files: Files, backend: Backend, folder: string): Promise<DatabaseWriter> {
  if (backend === "leveldb") return new (await import("./leveldb/writer.js")).LevelDbWriter(files, folder);
  const writer = new (await import("./lmdb/writer.js")).LmdbWriter();
  return {
    add: (key, value) => writer.add(key, value),
    finish: () => files.write(`${folder.replace(/\/+$/, "")}/data.mdb`, writer.finish()),
  };
}

/** Throws MOKA_FILE if a folder holds an LMDB or a LevelDB. */
export async function checkNoDatabase(files: Files, folder: string): Promise<void> {
  const names = (await files.isFolder(folder)) ? await files.list(folder) : [];
  const kind = names.includes("data.mdb") ? "an LMDB" : names.includes("CURRENT") ? "a LevelDB" : undefined;
  check(kind === undefined, "MOKA_FILE", `cannot create ${folder}: there is ${kind} already`);
}
