export { breathe } from "./breathe.js";
export { createFiles, type MemoryFiles } from "./files.js";
