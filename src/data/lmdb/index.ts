export { Lmdb, openLmdb } from "./reader.js";
export { LmdbWriter, writeLmdb } from "./writer.js";
