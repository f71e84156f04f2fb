import { MokaError } from "../util/errors.js";

/**
 * Throws unless all values of an input are numbers, NaN among them. A typed array is not searched.
 *
 * @throws MokaError `MOKA_USAGE` with the blob, the index and the value
 */
export function checkNumbers(name: string, values: ArrayLike<unknown>): void {
  const isTyped = ArrayBuffer.isView(values);
  if (!isTyped && !Array.isArray(values) && (typeof values !== "object" || values === null || !("length" in values))) {
    throw new MokaError("MOKA_USAGE", `input "${name}" must be an array of numbers, not ${describe(values)}`);
  }
  if (isTyped && typeof values[0] !== "bigint") return;
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] === "number") continue;
    const problem = `value ${i} is ${describe(values[i])}`;
    throw new MokaError("MOKA_USAGE", `input "${name}" must be an array of numbers, in one row; ${problem}`);
  }
}

function describe(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return JSON.stringify(value)?.slice(0, 60) ?? String(value);
}
