export { yieldToEvents } from "../../util/event-loop.js";
export { createFiles } from "./files.js";
export { createImages } from "./images.js";
