export { createFiles } from "./files.js";
export { createImages } from "./images.js";
export { modifiedAt } from "./modified-at.js";
export { yieldToEvents } from "./yield-to-events.js";
