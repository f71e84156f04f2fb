import type { Shape } from "../util/shape.js";

/**
 * The names of the inputs that have a row for each item of the batch: those whose first axis has the size that the first input's has.
 *
 * @param inputs the inputs of a net in their order; a shape that is not known is undefined
 */
export function batchInputs(inputs: Iterable<readonly [name: string, shape: Shape | undefined]>): readonly string[] {
  const all = [...inputs];
  const size = all[0]?.[1]?.[0];
  return all.flatMap(([name, shape]) => (size !== undefined && shape?.[0] === size ? [name] : []));
}
