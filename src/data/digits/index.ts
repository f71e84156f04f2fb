export { digits } from "./digits.js";
export { digitSize, drawDigit } from "./draw.js";
export { PortableRandom } from "./portable-random.js";
export { drawScene, type Scene, type SceneOptions, scenes, voidLabel } from "./scenes.js";
export { type DigitSetsOptions, type DigitsFormat, writeDigits } from "./write.js";
export { type WriteScenesOptions, writeScenes } from "./write-scenes.js";
