import { check, MokaError } from "../util/errors.js";
import type { Values } from "../util/nd-array.js";
import type { Shape } from "../util/shape.js";

/** The values of an input, and their shape, if they come with one. */
export interface InputValues {
  readonly data: ArrayLike<number>;
  readonly shape: Shape | undefined;
}

/** @throws MokaError `MOKA_USAGE` with the blob, the index and the value, unless all values are numbers */
export function inputValues(name: string, values: Values): InputValues {
  const hasShape = typeof values === "object" && values !== null && "shape" in values;
  const { data, shape } = hasShape ? values : { data: values, shape: undefined };
  checkNumbers(name, data);
  return { data, shape };
}

/** Refuses pycaffe's names of the first and the last layer: without an error the whole net would run. */
export function checkRange(range: object): void {
  const hint = "the first and the last layer are given as from and to, where pycaffe has start and end";
  check(!("start" in range || "end" in range), "MOKA_USAGE", hint);
}

/**
 * Throws unless all values of an input are numbers, NaN among them. A typed array is not searched.
 *
 * @throws MokaError `MOKA_USAGE` with the blob, the index and the value
 */
function checkNumbers(name: string, values: ArrayLike<unknown>): void {
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
