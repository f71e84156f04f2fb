export type { DecoderOptions } from "../images/pixels.js";
export { createFiles } from "./files.js";
export { createImages } from "./images.js";
export { modifiedAt } from "./modified-at.js";
export { portToParent } from "./parent.js";
