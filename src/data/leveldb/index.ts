export { openLevelDb } from "./reader.js";
export { LevelDbWriter } from "./writer.js";
