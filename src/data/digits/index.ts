export { Chance } from "./chance.js";
export { digits } from "./digits.js";
export { digitSize, drawDigit } from "./draw.js";
export { type DigitsFormat, type WriteDigitsOptions, writeDigits } from "./write.js";
