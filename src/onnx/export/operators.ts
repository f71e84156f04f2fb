import type { Shape } from "../../util/shape.js";
import { type AttributeValue, type Dim, float } from "../model.js";
import { floatConstant } from "../tensor.js";
import type { Attributes, GraphWriter, Value } from "./graph-writer.js";

/** A part of `[from, to)` with a step along an axis. */
export interface Cut {
  readonly axis: number;
  readonly from: number;
  /** Default: to the end. */
  readonly to?: number | undefined;
  /** Default 1; negative: from `from` downwards. */
  readonly step?: number | undefined;
}

const end = 2 ** 31 - 1;

/**
 * Writes operators whose form depends on the opset: each method takes and returns values, and is the same for all opsets from
 * 11 on.
 */
export class Operators {
  readonly graph: GraphWriter;
  /** The names of nodes begin with it. */
  readonly prefix: string;

  constructor(graph: GraphWriter, prefix: string) {
    this.graph = graph;
    this.prefix = prefix;
  }

  get opset(): number {
    return this.graph.opset;
  }

  /** Adds a node with one output. */
  node(op: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.nodes(op, inputs, 1, attributes)[0] ?? "";
  }

  /** Adds a node with several outputs. */
  nodes(op: string, inputs: readonly Value[], outputs: number, attributes: Attributes = {}): readonly Value[] {
    return this.graph.add(op, inputs, attributes, `${this.prefix}/${op}`, outputs);
  }

  floats(values: ArrayLike<number>, shape: Shape = [values.length], name = "floats"): Value {
    return this.graph.floats(values, shape, `${this.prefix}/${name}`);
  }

  ints(values: readonly number[], shape: Shape = [values.length]): Value {
    return this.graph.ints(values, shape, `${this.prefix}/ints`);
  }

  /** A single float, without axes. */
  scalar(value: number): Value {
    return this.floats([value], []);
  }

  /** Reshapes to sizes where 0 is the size of the same axis of x, and -1 what is left. */
  reshape(x: Value, sizes: readonly number[]): Value {
    return this.node("Reshape", [x, this.ints(sizes)]);
  }

  /**
   * Reshapes from known to known sizes, of which some may be names. A named size that stands at the same axis of both is copied, one
   * other is what is left; undefined if this is not possible.
   */
  reshapeDims(x: Value, from: readonly Dim[], to: readonly Dim[]): Value | undefined {
    if (from.length === to.length && from.every((size, axis) => size === to[axis])) return x;
    const kept = to.map((size, axis) => typeof size === "string" && size === from[axis]);
    const left = to.filter((size, axis) => typeof size === "string" && !kept[axis]).length;
    if (left > 1) return undefined;
    const single = left === 0 && kept.filter(Boolean).length === 1;
    return this.reshape(
      x,
      to.map((size, axis) => (typeof size === "number" ? size : kept[axis] && !single ? 0 : -1)),
    );
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return perm.every((axis, i) => axis === i) ? x : this.node("Transpose", [x], { perm });
  }

  squeeze(x: Value, axes: readonly number[]): Value {
    return this.#withAxes("Squeeze", 13, x, axes);
  }

  unsqueeze(x: Value, axes: readonly number[]): Value {
    return this.#withAxes("Unsqueeze", 13, x, axes);
  }

  /** `ReduceSum`, `ReduceMean`, `ReduceMax`, `ReduceMin`, `ReduceL2`, `ReduceSumSquare`, …, over these axes. */
  reduce(op: `Reduce${string}`, x: Value, axes: readonly number[], keepdims = true): Value {
    return this.#withAxes(op, op === "ReduceSum" ? 13 : 18, x, axes, { keepdims: keepdims ? 1 : 0 });
  }

  /** Softmax over one axis. Until opset 12 the operator takes all axes from `axis` on, so the axis is brought to the end. */
  softmax(x: Value, axis: number, rank: number): Value {
    if (this.opset >= 13 || axis === rank - 1) return this.node("Softmax", [x], { axis });
    const perm = Array.from({ length: rank }, (_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
    return this.transpose(this.node("Softmax", [this.transpose(x, perm)], { axis: rank - 1 }), perm);
  }

  slice(x: Value, cuts: readonly Cut[]): Value {
    const ints = (values: (cut: Cut) => number) => this.ints(cuts.map(values));
    const to = ints((cut) => cut.to ?? ((cut.step ?? 1) < 0 ? -end : end));
    const steps = cuts.some(({ step = 1 }) => step !== 1) ? [ints(({ step = 1 }) => step)] : [];
    return this.node("Slice", [x, ints(({ from }) => from), to, ints(({ axis }) => axis), ...steps]);
  }

  /** Cuts along an axis into parts of these sizes. */
  split(x: Value, axis: number, sizes: readonly number[]): readonly Value[] {
    return this.opset >= 13
      ? this.nodes("Split", [x, this.ints(sizes)], sizes.length, { axis })
      : this.nodes("Split", [x], sizes.length, { axis, split: sizes });
  }

  concat(values: readonly Value[], axis: number): Value {
    const [first = ""] = values;
    return values.length === 1 ? first : this.node("Concat", values, { axis });
  }

  /** Pads each axis with a value, before and after. */
  pad(
    x: Value,
    before: readonly number[],
    after: readonly number[],
    value = 0,
    mode: "constant" | "reflect" | "edge" = "constant",
  ): Value {
    if ([...before, ...after].every((size) => size === 0)) return x;
    const fill = mode === "constant" ? [this.scalar(value)] : [];
    return this.node("Pad", [x, this.ints([...before, ...after]), ...fill], { mode });
  }

  clip(x: Value, low: number, high: number): Value {
    const bound = (value: number) => (Number.isFinite(value) ? this.scalar(value) : "");
    return this.node("Clip", Number.isFinite(high) ? [x, bound(low), bound(high)] : [x, bound(low)]);
  }

  cast(x: Value, to: "float" | "int" | "bool" | "int32"): Value {
    return this.node("Cast", [x], { to: { float: 1, int: 7, bool: 9, int32: 6 }[to] });
  }

  /** x·scale + shift; what changes nothing is not written. */
  affine(x: Value, scale: number, shift: number): Value {
    const scaled = scale === 1 ? x : this.node("Mul", [x, this.scalar(scale)]);
    return shift === 0 ? scaled : this.node("Add", [scaled, this.scalar(shift)]);
  }

  /** A value everywhere, of the shape of x. */
  filled(x: Value, value: number): Value {
    return this.node("ConstantOfShape", [this.node("Shape", [x])], { value: floatConstant([1], [value]) });
  }

  leakyRelu(x: Value, slope: number): Value {
    return slope === 0 ? this.node("Relu", [x]) : this.node("LeakyRelu", [x], { alpha: float(slope) });
  }

  #withAxes(
    op: string,
    since: number,
    x: Value,
    axes: readonly number[],
    attributes: Record<string, AttributeValue> = {},
  ): Value {
    return this.opset >= since
      ? this.node(op, [x, this.ints(axes)], attributes)
      : this.node(op, [x], { axes, ...attributes });
  }
}
