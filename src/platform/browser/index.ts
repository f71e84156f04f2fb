export { breathe } from "./breathe.js";
export { createFiles } from "./files.js";
export { createImages } from "./images.js";
