export type { DecoderOptions } from "../images/pixels.js";
export { createFiles } from "./files.js";
export { createImages } from "./images.js";
export { yieldToEvents } from "./yield-to-events.js";
