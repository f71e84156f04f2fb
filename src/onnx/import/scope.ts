import { MokaError } from "../../util/errors.js";
import { countOf, type Shape, sameShape } from "../../util/shape.js";
import { type Constant, floatConstant } from "../tensor.js";
import type { Budget } from "./fold/budget.js";
import type { Graph } from "./graph.js";
import type { LayerFields, Made, NetBuilder } from "./net-builder.js";
import type { Node } from "./node.js";
import type { Slices } from "./slices.js";
import { type Blob, floatsOf, numbersOf, type Value } from "./value.js";

/** Options of one layer of several that a node becomes. */
interface LayerOptions {
  readonly parameters?: readonly Constant[];
  /**
   * Where more layers follow: what its name and that of its top end with. Without it, the layer makes the node's outputs, and has
   * their names.
   */
  readonly suffix?: string | undefined;
  /** The number of tops, where there are several. */
  readonly tops?: number;
  /** The number of layers that read a top with a suffix. Default 1. */
  readonly readers?: number;
  readonly inPlace?: boolean;
}

/** Imports a node: adds layers to the net, and returns the values of its outputs. Errors say what could not be said exactly. */
export type Operator = (node: Scope) => Imported;

/** The values of a node's outputs; one value of the only one that is made. */
export type Imported = Value | readonly Value[];

/** What scopes share. */
export interface ScopeContext {
  readonly net: NetBuilder;
  readonly budget: Budget;
  readonly graph: Graph;
  readonly slices: Slices;
  note(text: string): void;
  /** A value, if it is known already, or follows from constants. */
  valueOf(name: string): Value | undefined;
  /** Says that a node became a part of one before it, with the value of its output; undefined if only such nodes read it. */
  take(node: Node, value: Blob | undefined): void;
}

/** What the import of one node works with: its inputs and attributes, and the net. */
export class Scope {
  readonly node: Node;
  readonly inputs: readonly (Value | undefined)[];
  readonly budget: Budget;
  readonly #context: ScopeContext;
  readonly #net: NetBuilder;

  constructor(node: Node, inputs: readonly (Value | undefined)[], context: ScopeContext) {
    this.node = node;
    this.inputs = inputs;
    this.budget = context.budget;
    this.#context = context;
    this.#net = context.net;
  }

  /** The node that alone reads the first output, if it is of this type. Its inputs are those that are known already. */
  next(type: string): Scope | undefined {
    const reader = this.#context.graph.readerOf(this.node.outputs[0] ?? "");
    if (reader?.type !== type || !reader.isStandard) return undefined;
    return new Scope(
      reader,
      reader.inputs.map((name) => this.#context.valueOf(name)),
      this.#context,
    );
  }

  /** Says that the nodes `parts` after this one became a part of it; the last one's output is `value`. */
  take(parts: readonly Scope[], value: Blob): void {
    const last = parts.at(-1);
    for (const part of parts) this.#context.take(part.node, part === last ? value : undefined);
  }

  /** An input that a run computes. A constant becomes a layer that holds it. */
  blob(index: number): Blob {
    const value = this.input(index);
    return value.kind === "blob" ? value : this.hold(value.constant, `input${index}`);
  }

  input(index: number): Value {
    const value = this.inputs[index];
    if (!value) throw this.node.error("MOKA_PARSE", `it has no input ${index}`);
    return value;
  }

  /** An input that must be known without a run; undefined if it is not given. */
  constant(index: number, what: string): Constant | undefined {
    const value = this.inputs[index];
    if (!value) return undefined;
    if (value.kind === "constant") return value.constant;
    throw this.refuse(`its ${what} ("${this.node.inputs[index]}") must be constant; here a run computes them`);
  }

  floats(index: number, what: string): Float32Array | undefined {
    const constant = this.constant(index, what);
    return constant && floatsOf(constant);
  }

  numbers(index: number, what: string): readonly number[] | undefined {
    const constant = this.constant(index, what);
    return constant && numbersOf(constant);
  }

  /** As `numbers`, where only whole numbers make sense. */
  integers(index: number, what: string): readonly number[] | undefined {
    const list = this.numbers(index, what);
    if (list?.every(Number.isInteger) === false)
      throw this.node.error("MOKA_PARSE", `its ${what} are not whole numbers`);
    return list;
  }

  /** An error: the node cannot be said exactly in Caffe's layers. */
  refuse(reason: string): MokaError {
    return this.node.error("MOKA_UNSUPPORTED", reason);
  }

  /** Throws unless the node can be said exactly. */
  check(condition: unknown, reason: string): asserts condition {
    if (!condition) throw this.refuse(reason);
  }

  note(text: string): void {
    this.#context.note(`${this.node.place}: ${text}`);
  }

  can(type: string, ...fields: readonly string[]): boolean {
    return this.#net.can(type, ...fields);
  }

  canTakeTwo(type: string): boolean {
    return this.#net.canTakeTwo(type);
  }

  /** The layer that made a value, if only this node reads it. */
  soleMaker(blob: Blob): Made | undefined {
    return this.#net.soleMaker(blob);
  }

  /** The shape that a layer would give; undefined if it refuses the bottoms, or the target has not the layer. */
  shapeOf(type: string, bottoms: readonly Blob[], fields: LayerFields): Shape | undefined {
    return this.#net.shapeOf(type, bottoms, fields);
  }

  /** Adds a layer. */
  layer(type: string, bottoms: readonly Blob[], fields: LayerFields = {}, options: LayerOptions = {}): Blob {
    const [top] = this.layers(type, bottoms, fields, options);
    if (!top) throw new TypeError(`${type} has no top`);
    return top;
  }

  /** Adds a layer with several tops. */
  layers(type: string, bottoms: readonly Blob[], fields: LayerFields, options: LayerOptions = {}): readonly Blob[] {
    const { node } = this;
    const { parameters, suffix, tops = 1, readers = 1, inPlace } = options;
    const own = node.outputs[0] ?? "";
    const base = node.name || own;
    const end = suffix === undefined ? "" : `/${suffix}`;
    const made = Array.from({ length: tops }, (_, index) => {
      if (suffix === undefined) {
        const name = node.outputs[index] ?? "";
        return { name: name || `${own}/${index}`, readers: this.#context.graph.readersOf(name), isOwn: name !== "" };
      }
      return { name: `${own}${end}${tops > 1 ? `/${index}` : ""}`, readers };
    });
    return this.#said(() => {
      return this.#net.add(type, { name: `${base}${end}`, bottoms, tops: made, fields, parameters, inPlace });
    });
  }

  /** The entries `[start, end)` of an axis, which are not all, by Slice. */
  cut(x: Blob, axis: number, range: readonly [number, number], suffix?: string): Blob {
    const { node } = this;
    const own = node.outputs[0] ?? "";
    const end = suffix === undefined ? "" : `/${suffix}`;
    const readers = suffix === undefined ? this.#context.graph.readersOf(own) : 1;
    const top = { name: `${own}${end}`, readers, isOwn: suffix === undefined };
    return this.#said(() => this.#context.slices.cut(x, axis, range, `${node.name || own}${end}`, top));
  }

  /** Says that nothing reads these tops of layers. */
  leave(blobs: readonly Blob[]): void {
    this.#context.slices.leave(blobs);
  }

  /** What is made, with errors about this node. */
  #said<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof MokaError)) throw error;
      throw this.refuse(error.code === "MOKA_UNSUPPORTED" ? error.reason : `Caffe cannot say it: ${error.message}`);
    }
  }

  /** A blob that holds a constant. */
  hold(constant: Constant, suffix: string): Blob {
    this.check(
      this.can("Parameter"),
      `it needs a constant of shape ${constant.shape.join(" × ")} as a blob, and ${this.#net.target.title} has no layer for it`,
    );
    const shape = { dim: constant.shape.map(BigInt) };
    const values = floatConstant(constant.shape, floatsOf(constant));
    return this.layer("Parameter", [], { parameterParam: { shape } }, { parameters: [values], suffix });
  }

  /** The output itself, for a node that passes on its input. */
  pass(blob: Blob): Blob {
    return this.#net.passOn(blob, this.#context.graph.readersOf(this.node.outputs[0] ?? ""));
  }

  /**
   * The values of a blob in another shape: by Flatten, if that is all, else by Reshape. The first size is copied where it stays, so
   * that the batch may change.
   */
  reshape(x: Blob, shape: Shape, suffix?: string): Blob {
    const options = { suffix };
    if (sameShape(x.shape, shape)) return suffix === undefined ? this.pass(x) : x;
    if (countOf(shape) !== countOf(x.shape)) {
      throw this.node.error("MOKA_PARSE", `${x.shape.join(" × ")} values do not fill ${shape.join(" × ")}`);
    }
    if (
      shape.length === 2 &&
      x.shape.length > 2 &&
      shape[0] === x.shape[0] &&
      (this.can("Flatten") || !this.can("Reshape"))
    ) {
      return this.layer("Flatten", [x], {}, options);
    }
    const dims = shape.map((size, axis) => (axis === 0 && size === x.shape[0] ? 0n : BigInt(size)));
    return this.layer("Reshape", [x], { reshapeParam: { shape: { dim: dims } } }, options);
  }
}
