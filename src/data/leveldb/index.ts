export { LevelDb, type LevelDbCursor, openLevelDb } from "./reader.js";
export { LevelDbWriter } from "./writer.js";
