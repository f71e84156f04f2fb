import { countOf, type Shape } from "../../../util/shape.js";
import { type Constant, floatConstant } from "../../tensor.js";
import type { Node } from "../node.js";
import { numbersOf } from "../value.js";
import type { Budget } from "./budget.js";

/** Computes the outputs of a node from constant inputs; an input that is not given is undefined. */
export type Fold = (at: FoldScope) => Constant | readonly Constant[];

/** What the computation of one node works with. */
export class FoldScope {
  readonly node: Node;
  readonly inputs: readonly (Constant | undefined)[];
  readonly budget: Budget;

  constructor(node: Node, inputs: readonly (Constant | undefined)[], budget: Budget) {
    this.node = node;
    this.inputs = inputs;
    this.budget = budget;
  }

  input(index: number): Constant {
    const input = this.inputs[index];
    if (!input) throw this.node.error("MOKA_PARSE", `it has no input ${index}`);
    return input;
  }

  /** An input, or else an attribute, with whole numbers: later versions made inputs of attributes. */
  integers(index: number, attribute: string): readonly number[] | undefined {
    const input = this.inputs[index];
    if (!input) return this.node.ints(attribute);
    const list = numbersOf(input);
    if (!list.every(Number.isInteger)) throw this.node.error("MOKA_PARSE", `its ${attribute} are not whole numbers`);
    return list;
  }

  /** A shape that was computed, if an array of this shape may be made. */
  shape(sizes: readonly number[]): Shape {
    if (!sizes.every((size) => Number.isInteger(size) && size >= 0) || sizes.length > 32) {
      throw this.node.error("MOKA_PARSE", `its result would have the sizes ${sizes.join(" × ")}`);
    }
    this.budget.take(countOf(sizes));
    return sizes;
  }

  /** The entries of a constant at these places, in another shape. */
  pick(from: Constant, shape: Shape, placeOf: (index: number) => number): Constant {
    const count = countOf(this.shape(shape));
    if (from.type === "float") {
      const { data } = from;
      return floatConstant(
        shape,
        Float32Array.from({ length: count }, (_, i) => data[placeOf(i)] ?? 0),
      );
    }
    const { data } = from;
    return { type: "int", shape, data: BigInt64Array.from({ length: count }, (_, i) => data[placeOf(i)] ?? 0n) };
  }
}

/** The distance of neighbors along each axis of an array of this shape. */
export function stridesOf(shape: Shape): readonly number[] {
  return shape.map((_, axis) => countOf(shape, axis + 1));
}

/** The shape of two arrays combined: each axis, counted from the last, has the larger size; undefined if they do not fit. */
export function broadcastShape(a: Shape, b: Shape): Shape | undefined {
  const length = Math.max(a.length, b.length);
  const at = (shape: Shape, axis: number) => shape[axis - length + shape.length] ?? 1;
  const shape = Array.from({ length }, (_, axis) => (at(a, axis) === 1 ? at(b, axis) : at(a, axis)));
  const fits = (one: Shape) => shape.every((size, axis) => at(one, axis) === size || at(one, axis) === 1);
  return fits(a) && fits(b) ? shape : undefined;
}

/** For each place of `shape`, that of the value of `small`, repeated, which stands there. */
export function placesIn(small: Shape, shape: Shape): (index: number) => number {
  const strides = stridesOf(small);
  const missing = shape.length - small.length;
  const outer = stridesOf(shape);
  return (index) => {
    let place = 0;
    for (let axis = missing; axis < shape.length; axis++) {
      const size = small[axis - missing] ?? 1;
      if (size === 1) continue;
      place += (Math.floor(index / (outer[axis] ?? 1)) % size) * (strides[axis - missing] ?? 1);
    }
    return place;
  };
}
