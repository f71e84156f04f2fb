import type { Database, DatabaseRecord } from "../util/database.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";

/** The two kinds of database that Caffe has, by their names on the command line. */
export type Backend = "lmdb" | "leveldb";

// Each kind is loaded when one is opened: most runs have none, and many only look at a net.
const leveldb = () => import("./leveldb/index.js");
const lmdb = () => import("./lmdb/index.js");

/**
 * Opens a database to read it; nothing in its folder is changed.
 *
 * @throws MokaError MOKA_FILE if it is not there, MOKA_DATA if it is damaged or something else
 */
export async function openDatabase(files: Files, backend: Backend, path: string): Promise<Database> {
  if (backend === "lmdb") return (await lmdb()).openLmdb(files, path);
  return (await leveldb()).openLevelDb(files, path);
}

/** Takes records in the order of their keys; the database is there once `finish` is done. */
export interface DatabaseWriter {
  add(key: DatabaseRecord["key"], value: Uint8Array): void | Promise<void>;
  finish(): Promise<void>;
}

/**
 * Begins a new database in a folder, which is made where it is not there. An LMDB is kept in memory until it is
 * finished, a LevelDB is written as it comes.
 *
 * @throws MokaError MOKA_FILE if the folder holds a database already, as with Caffe's converters
 */
export async function createDatabase(files: Files, backend: Backend, folder: string): Promise<DatabaseWriter> {
  if (backend === "leveldb") return (await leveldb()).LevelDbWriter.create(files, folder);
  await files.makeFolder(folder);
  const path = `${folder.replace(/\/+$/, "")}/data.mdb`;
  const isThere = (await files.list(folder)).includes("data.mdb");
  if (isThere) throw new MokaError("MOKA_FILE", `cannot create ${folder}: there is an LMDB already`);
  const writer = new (await lmdb()).LmdbWriter();
  return {
    add: (key, value) => writer.add(key, value),
    finish: () => files.write(path, writer.finish()),
  };
}
