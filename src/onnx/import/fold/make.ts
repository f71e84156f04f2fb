import { countOf } from "../../../util/shape.js";
import { type Constant, floatConstant, intConstant } from "../../tensor.js";
import type { Fold, FoldScope } from "./fold.js";

/** Constants that are made, and counts of other constants. */
export const make: Readonly<Record<string, Fold>> = {
  Constant: (at) => constantOf(at),
  ConstantOfShape: (at) => {
    const shape = at.shape(Array.from(at.input(0).data, Number));
    const value = at.node.tensor("value") ?? floatConstant([1], [0]);
    const count = countOf(shape);
    return value.type === "float"
      ? floatConstant(shape, new Float32Array(count).fill(value.data[0] ?? 0))
      : { type: "int", shape, data: new BigInt64Array(count).fill(value.data[0] ?? 0n) };
  },
  Range: (at) => {
    const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((index) => Number(at.input(index).data[0] ?? 0));
    const [count = 0] = at.shape([Math.max(0, Math.ceil((limit - start) / delta)) || 0]);
    const values = Array.from({ length: count }, (_, i) => start + i * delta);
    return at.input(0).type === "int" ? intConstant([count], values.map(Math.trunc)) : floatConstant([count], values);
  },
  Shape: (at) => shapeOf(at, at.input(0).shape),
  Size: (at) => intConstant([], [countOf(at.input(0).shape)]),
};

/** The sizes of a value as a constant: its shape is known although its values are not. */
export function shapeOf({ node }: Pick<FoldScope, "node">, shape: readonly number[]): Constant {
  const end = node.has("end") ? node.int("end", 0) : shape.length;
  const sizes = shape.slice(node.int("start", 0), end);
  return intConstant([sizes.length], sizes);
}

function constantOf({ node }: FoldScope): Constant {
  const value = node.tensor("value");
  if (value) return value;
  if (node.has("value_float")) return floatConstant([], [node.float("value_float", 0)]);
  if (node.has("value_int")) return intConstant([], [node.int("value_int", 0)]);
  const floats = node.floats("value_floats");
  if (floats) return floatConstant([floats.length], floats);
  const ints = node.ints("value_ints");
  if (ints) return intConstant([ints.length], ints);
  throw node.error("MOKA_UNSUPPORTED", "its value is neither numbers nor an array of numbers");
}
