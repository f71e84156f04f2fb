export { digits } from "./digits.js";
export { digitSize, drawDigit } from "./draw.js";
export { PortableRandom } from "./portable-random.js";
export { type DigitsFormat, type WriteDigitsOptions, writeDigits } from "./write.js";
