export { Lmdb, type LmdbCursor, openLmdb } from "./reader.js";
export { type LmdbRecord, LmdbWriter, writeLmdb } from "./writer.js";
